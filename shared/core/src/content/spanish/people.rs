//! Stories between people: thanks, events, lunch, travel, farewells, newcomers.

use super::super::{Slot, Story};
use super::{COLLEAGUE, DAYS};

pub(super) const THANKS: Story = Story {
    topic: "agradecimiento",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "help",
            rows: &[
                "con los preparativos",
                "con el traspaso",
                "con aquella lista tan larga",
                "para recoger",
                "en la visita a las oficinas",
                "con los invitados",
                "con la traducción",
                "para encontrar sala",
                "con el calendario",
            ],
        },
    ],
    subject: "{Gracias por tu ayuda|Un agradecimiento|Gracias por lo del <day>|Tu ayuda fue decisiva|Gracias otra vez}",
    opening: "{Quería darte las gracias otra vez|El <day> no lo dije lo bastante: gracias|Unas palabras que se me \
             olvidaron el <day>}{.|, ahora con calma.} {Sin ti|Sin tu ayuda <help>} {no lo habríamos \
             conseguido|todavía estaríamos allí|el <day> habría sido muy distinto}. {<colleague> sonríe desde \
             entonces|Todo el mundo preguntó quién era|Al final salió mejor de lo que esperábamos}.\n\n¿{Qué tal la \
             vuelta|Llegaste bien a casa|Pudiste descansar después}? {Si un día necesitas ayuda|Cuando te toque a ti}, \
             {dilo sin más|nos avisas|allí estaremos}. {El próximo café corre de mi cuenta.|No se nos olvida.}",
    replies: [
        "{Lo hice con mucho gusto|No fue nada}, {hasta me divertí|no había tanto que hacer}. {La vuelta fue \
         tranquila|Llegué pronto a casa}, {con un buen libro|y todavía era de día}. {¿Y cómo seguís vosotros?|¿Ha \
         podido descansar <colleague>?}",
        "{Ahora todo está más tranquilo|Poco a poco vuelve la calma}, {y apuntamos lo que salió bien|y recogemos las \
         últimas cosas}. {¿Podremos contar contigo la próxima vez?|¿Se te ocurre algo que podamos mejorar?}",
        "{Cuando queráis|Siempre con gusto}. {La próxima vez empezaría antes|Quizá haga falta alguien más en la \
         puerta}, {por lo demás, todo perfecto|no se me ocurre nada más}.",
        "{Buena idea|Tomamos nota}, <thanks>. {<colleague> lo apuntó enseguida|Ya está en nuestra lista}. {Y queda \
         pendiente el café.|¿Puedes el <other> para ese café?}",
        "{Lo acepto con gusto|Con mucho gusto}. {El <other> después de comer me viene bien|El <other> estaré cerca de \
         vosotros}. {¡Hasta entonces!|Me apetece mucho.}",
    ],
};

pub(super) const EVENT: Story = Story {
    topic: "evento",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "event/to",
            rows: &[
                "el encuentro de primavera/al encuentro de primavera",
                "la jornada de puertas abiertas/a la jornada de puertas abiertas",
                "la fiesta de verano/a la fiesta de verano",
                "la feria del libro/a la feria del libro",
                "la noche de los museos/a la noche de los museos",
                "la fiesta del barrio/a la fiesta del barrio",
                "el congreso regional/al congreso regional",
                "la velada de diseño/a la velada de diseño",
                "el desayuno de vecinos/al desayuno de vecinos",
            ],
        },
    ],
    subject: "{<^event>|¿Vas <to>?|<^event>, el <day>|¿Vamos <to>?|¿Nos vemos el <day>?}",
    opening: "¿{Vas <to>|Has visto que ya llega <event>|Has recibido también la invitación <to>}? {Es el <day>|Esta \
             vez es el <day>|Lo han pasado al <day>}, {y el programa parece {bueno|interesante|mejor que el del año \
             pasado}|y vamos varios de aquí|y me han hablado muy bien}.\n\n{{Vamos <colleague> y yo|Voy con \
             <colleague>}, {hacia las seis|un poco antes de que empiece|al menos un par de horas}|<colleague> me ha \
             convencido, y ahora tengo muchas ganas}. ¿{Te apuntas|Quedamos en la entrada|Vienes con nosotros}? {Me \
             alegraría verte allí.|Antes podríamos picar algo.|Después podríamos sentarnos en un sitio tranquilo.}",
    replies: [
        "{Qué buena idea|Casi se me olvida|Ya lo tenía en la agenda}. {Me apunto|Cuenta conmigo}. {Solo tengo que \
         mover una cosa el <day>|Puedo llegar un poco después de las seis}. ¿{Hay que inscribirse|Hay lista}, o {basta \
         con ir|está abierto a todo el mundo}?",
        "{Basta con ir|Está abierto a todo el mundo|No hay lista}, {que yo sepa|eso ponía en la invitación}. {Quedamos \
         en la entrada principal|<colleague> espera debajo del reloj grande}, {así que ve con calma|y te esperamos}. \
         {¿Hay algo que no te quieras perder?|¿Qué te apetece ver?}",
        "{La charla de las siete|Los cortometrajes}, {creo|si tengo que elegir}. {Y todo lo que lleve música|Y la \
         comida, la verdad}. {¿Puedo llevar a alguien?|¿Puede venir alguien conmigo?}",
        "{Claro|Por supuesto|Cuantos más, mejor}. {Entonces seremos cuatro|Con eso somos cuatro}, {lo justo para una \
         mesa|un buen número}. {Busco un sitio cerca.|Ya veremos adónde nos lleva la noche.}",
        "{Qué bien|Estupendo}. {Hasta el <day>, entonces|Nos vemos el <day>}. {Tengo muchas ganas.|Será una buena \
         noche.}",
    ],
};

pub(super) const LUNCH: Story = Story {
    topic: "comida",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "place/to",
            rows: &[
                "el bar de fideos de la estación/al bar de fideos de la estación",
                "el italiano pequeño/al italiano pequeño",
                "el comedor del parque/al comedor del parque",
                "la panadería de la esquina/a la panadería de la esquina",
                "el café del jardín/al café del jardín",
                "la taberna del canal/a la taberna del canal",
                "el mercado/al mercado",
                "el coreano del puente/al coreano del puente",
            ],
        },
    ],
    subject: "{¿Comemos el <day>?|¿Una comida esta semana?|¿Y si vamos <to>?|<^place>|¿Tienes un rato para comer?}",
    opening: "{Hace demasiado tiempo|Hace siglos que no comemos tú y yo|Estaba mirando mi agenda}. ¿{Qué tal si \
             comemos el <day>|Tienes tiempo para comer el <day>|Comemos el <day>}{?|, hacia las {dos|dos y \
             media|tres}?} {Podríamos ir <to>|Pensaba en un sitio: <place>|A <colleague> le gusta ir <to>}, {han \
             cambiado la carta|a esa hora suele haber calma|se puede comer fuera}.\n\n{Me gustaría saber qué es de tu \
             vida|Tengo alguna novedad, nada dramático|Hay mucho que contar}. {Si el <day> no puedes, el <other> \
             también vale.|El <other> también estaría bien.} {Quizá venga <colleague>.|También podemos ir tú y yo.|Ven \
             con hambre.}",
    replies: [
        "{Buena idea|Sí, hagámoslo|Iba a proponerte lo mismo}. {El <day> me viene bien|El <day> puedo}, {hasta \
         mediodía tengo trabajo|y después no tengo nada}. {Nunca he estado allí|Estuve una vez y me gustó}. \
         ¿{Reservamos|Aceptan reservas}, o {siempre hay mesa|vamos sin más}?",
        "{Reservo yo|Ya he llamado}, {a mi nombre|por si acaso}. {Tenemos una mesa junto a la ventana|Nos guardan la \
         mesa pequeña del fondo}. {¿Hay algo que no comas?|¿Te gusta el picante?}",
        "{Como de todo|Todo me va bien}, {cuanta más verdura, mejor|pero no muy picante}. ¿{Paso a buscarte|Quedamos \
         allí}?",
        "{Mejor quedamos allí|Nos vemos allí}, {es fácil de encontrar|está justo a la vuelta de la esquina}. {Si \
         llegas antes, siéntate|Quizá llegue cinco minutos tarde}.",
        "{No pasa nada|Sin problema}. {Leeré la carta dos veces|Ya tengo hambre}. {¡Hasta el <day>!|Nos vemos el \
         <day>.}",
    ],
};

pub(super) const TRAVEL: Story = Story {
    topic: "viaje",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "city",
            rows: &[
                "Lisboa",
                "Viena",
                "Copenhague",
                "Oporto",
                "Gante",
                "Liubliana",
                "Edimburgo",
                "Bolonia",
                "Helsinki",
                "Dublín",
                "Tallin",
                "Cracovia",
                "Trieste",
                "Brujas",
                "Montreal",
            ],
        },
        Slot {
            names: "days",
            rows: &["dos días", "tres días", "un fin de semana largo", "casi una semana", "cuatro días"],
        },
    ],
    subject: "{<city>|Un viaje a <city>|¿Consejos para <city>?|<^days> en <city>|Tú conoces <city>, ¿verdad?}",
    opening: "<wish> {Pronto voy a <city>|Dentro de poco estaré en <city>|Tengo por delante un viaje a <city>}, \
             {<days>|<days> en total}{.|, mitad trabajo, mitad descanso.} {Tú conoces bien la ciudad|Estuviste allí el \
             año pasado|<colleague> dice que te la sabes de memoria}, {así que te pregunto|y pensé en ti \
             enseguida}.\n\n¿{Dónde te alojarías|Qué barrio te gusta más|Qué no debería perderme}? ¿{Y dónde se \
             desayuna con calma|Y por dónde se pasea al atardecer|Y qué museo merece una mañana}? {Me gusta caminar y \
             no necesito mucho.|Con uno o dos nombres me basta.|Prefiero ver poco y verlo bien.}",
    replies: [
        "¡{Qué suerte|Qué envidia|Qué bien}! {Alójate cerca del casco antiguo, pero a una calle de la plaza mayor|Yo \
         me alojo siempre un poco a las afueras y voy en tranvía}. {Sube a la colina temprano|Camina junto al agua al \
         atardecer}, {antes de que llegue la gente|cuando la luz es suave}. ¿{Vas por tu cuenta|Va también \
         <colleague>}?",
        "{<^thanks>|Es justo lo que necesitaba, gracias}, {ya me lo imagino|es lo que quería saber}. {Voy por mi \
         cuenta|<colleague> viene un día}. {Iré en tren|El viaje es en tren}, {así tendré tiempo para leer|así veo \
         algo por el camino}. ¿{Hacen falta buenos zapatos|Se llega a pie a todas partes}?",
        "{Sí, buenos zapatos|A pie, sin duda}, {las calles suben y bajan|lo mejor se ve cuando uno se pierde}. {Y \
         lleva una chaqueta ligera|Y mete algo para la lluvia}, {el viento viene del agua|el tiempo cambia rápido}.",
        "{Ya está en la maleta|Apuntado en la lista}. {Te mandaré una postal|Te traeré un detalle}, {si encuentro algo \
         bonito|para darte las gracias}.",
        "{Me haría ilusión|Qué detalle}. {Disfruta mucho de <city>|Que lo pases muy bien en <city>}, {y cuéntamelo \
         todo a la vuelta|y saluda al río de mi parte}.",
    ],
};

pub(super) const FAREWELL: Story = Story {
    topic: "despedida",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "gift",
            rows: &[
                "un libro de cocina",
                "un buen paraguas",
                "un árbol pequeño",
                "una caja de lápices",
                "un álbum de fotos",
                "una manta de pícnic",
                "una tetera",
                "un plano antiguo de la ciudad",
                "un juego de mesa",
            ],
        },
    ],
    subject: "{La despedida de <colleague>|Algo para <colleague>|Una tarjeta para <colleague>|<colleague> se va: una \
             idea|¿<^gift> para <colleague>?}",
    opening: "{Ya lo habrás oído: <colleague> nos deja|Como sabes, <colleague> se va pronto|El <day> es el último día \
             de <colleague>}{.|, después de tantos años.} {Nos gustaría despedirnos como es debido|Algunos queremos \
             hacer algo pequeño}, {con una tarta y una tarjeta|en la cocina, después de comer|al final de la \
             tarde}.\n\n{Como regalo pensaba en esto: <gift>|Se me ha ocurrido una cosa: <gift>|Alguien propuso una \
             cosa: <gift>}, {le pega mucho|es algo que se guarda|me hizo sonreír}. ¿{Escribes unas líneas para la \
             tarjeta|Tienes alguna foto bonita de los comienzos|Dirías unas palabras}? {Habéis trabajado tantas veces \
             en equipo.|<^norush>, quedan unos días.|Significaría mucho.}",
    replies: [
        "{Qué idea tan bonita|Qué bien que lo hayas pensado}. {Claro que sí|Con mucho gusto}. {<^gift> es perfecto \
         como regalo|<^gift>, qué buena idea}, {tiene su gracia|todo el mundo lo va a entender}. {¿Para cuándo \
         necesitas mi parte?|¿Hasta cuándo hay tiempo?}",
        "{Para el <other> sería ideal|Antes del <other>, si puedes}. {Con dos líneas basta|Que sea breve}, {la tarjeta \
         es pequeña|somos muchos}. ¿{Puedes estar el <day>|Vienes el <day>}?",
        "{Allí estaré|No me lo perdería por nada}. {Llevo una tarta, la de peras|Puedo llevar platos, nunca hay \
         bastantes}. {¿Lo sabe <colleague>?|¿Es una sorpresa?}",
        "{Es una sorpresa|De momento nadie ha dicho nada}, {así que guárdame el secreto|a ver si sigue así}. {Lo que \
         traigas será bienvenido|Sería estupendo}.",
        "{Soy una tumba|Ni una palabra}. {Hasta el <day>|Nos vemos el <day>}, {iré un poco antes|os ayudo a poner la \
         mesa}.",
    ],
};

pub(super) const NEWCOMER: Story = Story {
    topic: "nueva incorporación",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "field/of",
            rows: &[
                "el archivo/del archivo",
                "las preguntas de los clientes/de las preguntas de los clientes",
                "el programa de formación/del programa de formación",
                "la biblioteca/de la biblioteca",
                "nuestros eventos/de nuestros eventos",
                "las traducciones/de las traducciones",
                "la recepción/de la recepción",
                "la documentación/de la documentación",
            ],
        },
    ],
    subject: "{<colleague> se une al equipo|Te presento a <colleague>|Refuerzo en el equipo: <colleague>|Alguien a \
             quien deberías conocer|A <colleague> le gustaría conocerte}",
    opening: "<wish> {<colleague> está con nosotros desde este mes|<colleague> forma parte del equipo desde hace \
             poco|<colleague> trabaja con nosotros desde hace unas semanas} y {se encarga <of>|está aprendiendo un \
             tema nuevo: <field>}. {Todo va muy bien|Las primeras semanas han volado|Todos estamos felices}, {y las \
             preguntas son excelentes|la tetera nunca había trabajado tanto|y ya hay una lista de ideas}.\n\n{Creo que \
             deberíais conoceros|Os llevaríais bien|Tú sabes de esto más que nadie aquí}. ¿{Tendrías media hora el \
             <day>|Podría <colleague> pasar a verte el <day>|Podría <colleague> acompañarte una hora el <day>}? {Otro \
             día también vale.|El <other> iría igual de bien.} {Sería una gran ayuda.|Nos ayudaría mucho.}",
    replies: [
        "{Qué bien|Buena noticia|Me alegro mucho}. {Con mucho gusto|Por supuesto}. {El <day> me viene bien|Digamos el \
         <day>}, {a partir de las diez|por la mañana}. ¿{Hay algún tema concreto|Qué sería lo más útil}, {o \
         simplemente enseño cómo lo hacemos|o simplemente charlamos}?",
        "<^thanks>. {Enséñale el día a día|Charlad sin más}, {eso es lo que más sirve|lo demás viene solo}. ¿{Qué te \
         ayudó a ti en las primeras semanas|Cómo aprendiste tú entonces}?",
        "{Tenía al lado a alguien con mucha paciencia, y pregunté tres veces lo mismo|Lo apuntaba todo, y un año \
         después tiré los papeles}. {Buscaré algunos ejemplos antiguos|Se me ocurrirán dos o tres historias}, {dicen \
         más que un manual|eso se recuerda}.",
        "{Perfecto|No hay nadie mejor para esto}. {<colleague> estará ahí el <day> a las diez|Se lo he dicho a \
         <colleague> y le hace mucha ilusión}. {La próxima comida corre de nuestra cuenta.|Te debo un café.}",
        "{Es un placer|No hay de qué}, {de verdad|me gusta hacerlo}. {Hasta el <day>|Nos vemos el <day>}, {y saludos \
         al equipo|voy poniendo el agua}.",
    ],
};
