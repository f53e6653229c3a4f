//! Stories of office life: calls, notes, rooms, drafts, courses.

use super::super::{Slot, Story};
use super::{COLLEAGUE, DAYS};

pub(super) const CALL: Story = Story {
    topic: "llamada",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "time/later",
            rows: &[
                "las nueve/las once",
                "las diez/las cuatro",
                "las diez y media/las tres",
                "las once/las cuatro",
                "las cuatro/las diez",
                "las tres/las nueve y media",
            ],
        },
        Slot {
            names: "matter/of",
            rows: &[
                "el plan de primavera/del plan de primavera",
                "la lista de traspaso/de la lista de traspaso",
                "la nueva guía de bienvenida/de la nueva guía de bienvenida",
                "el calendario del próximo trimestre/del calendario del próximo trimestre",
                "el programa del taller/del programa del taller",
                "nuestro proyecto común/de nuestro proyecto común",
                "el próximo boletín/del próximo boletín",
                "las preguntas de la encuesta/de las preguntas de la encuesta",
                "la visita de otoño/de la visita de otoño",
                "el nuevo calendario/del nuevo calendario",
                "la jornada de equipo/de la jornada de equipo",
                "los próximos pasos/de los próximos pasos",
            ],
        },
    ],
    subject: "{¿Una llamada el <day>?|<^matter>: ¿hablamos?|Llamada breve el <day>|¿Tienes un rato el \
             <day>?|<^matter>}",
    opening: "<wish> {Me gustaría hablar contigo|Deberíamos hablar|Estaría bien hablar} <of>{.|, antes de que se llene \
             la semana.|, con {media hora|veinte minutos} {nos basta|debería bastar}.}\n\n¿{Te viene bien el <day> a \
             <time>|Tendrías un rato el <day> a <time>|Qué tal el <day> a <time>}? {Si no, también puedo el <other> \
             hacia <later>.|Si no puedes, el <other> todavía tengo huecos.} {Te mando una invitación si quieres.|Me \
             adapto a tu agenda.|Elige lo que mejor te venga.}",
    replies: [
        "<^thanks> por {tu mensaje|la propuesta}. {El <day> a <time> me viene bien|Quedamos el <day> a <time>}{.|, ya \
         lo tengo apuntado.}\n\n{¿Preparo algo antes?|¿Aviso a <colleague> o mejor hablamos tú y yo?|¿Me mandas antes \
         dos o tres puntos?}",
        "{Perfecto|Muy bien|Estupendo}, entonces el <day>. {No hace falta preparar nada|No tienes que preparar nada}: \
         {falta ver sobre todo el orden de los pasos y quién hace qué|primero me gustaría fijar las fechas y luego los \
         detalles|tengo tres puntos y los tres son breves}. {Avisa a <colleague>, claro.|Si <colleague> tiene tiempo, \
         mejor todavía.}",
        "{Suena bien|Buen plan|Eso me ayuda}. {Ya he apuntado algunas ideas|He repasado mis notas}, {y solo dudo en \
         dos puntos|y casi todo parece sencillo}. {Se lo digo a <colleague>.|A <colleague> le gustaría estar al \
         principio.}",
        "{Muy bien|Genial}, <thanks>. {Empezamos por tus dos puntos|Podemos empezar por tus dudas} {y vemos hasta \
         dónde llegamos|y luego vemos lo demás}. {La invitación ya está enviada.|La invitación debería estar en tu \
         agenda.}",
        "{Recibido|Ya está en mi agenda}, <thanks>. {Hablamos el <day>.|Nos oímos el <day>.|¡Hasta el <day>!|Será un \
         placer.}",
    ],
};

pub(super) const NOTES: Story = Story {
    topic: "notas",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "meeting/of",
            rows: &[
                "la reunión de planificación/de la reunión de planificación",
                "la reunión de arranque/de la reunión de arranque",
                "la reunión semanal/de la reunión semanal",
                "el taller/del taller",
                "nuestra última charla/de nuestra última charla",
                "la reunión de equipo/de la reunión de equipo",
                "el repaso del mes/del repaso del mes",
                "la sesión de ideas/de la sesión de ideas",
            ],
        },
        Slot {
            names: "step",
            rows: &[
                "reúne las preguntas abiertas",
                "ordena la lista de tareas",
                "esboza un primer calendario",
                "escribe un resumen de una página",
                "dibuja el nuevo proceso",
                "mira quién tiene que participar",
                "habla con el otro equipo",
            ],
        },
    ],
    subject: "{Notas <of>|Lo que acordamos|Después de <meeting>|Algunos puntos <of>|Nuestros próximos pasos}",
    opening: "<^thanks> por {tu tiempo|la buena charla|participar}. {Estas son mis notas <of>|Esto es lo que me llevo \
             <of>|Para que no se pierda nada, aquí va lo principal <of>}:\n\n- {seguimos con el plan actual|el plan se \
             queda como está}{| por ahora|, al menos hasta fin de mes}\n- <colleague> <step>\n- {el <day> volvemos a \
             vernos|la próxima reunión es el <day>|el <day> vemos el resultado}\n\n¿{Se me olvida algo|Falta algo|Es \
             correcto así}? {Corrígeme donde me equivoque.|Añade lo que se te ocurra.|Basta con un sí si todo encaja.}",
    replies: [
        "<^thanks> por {el resumen|las notas}, {así lo recuerdo yo también|es lo mismo que apunté yo}. {Un \
         detalle|Solo una cosa más}: {queríamos echarle una mano a <colleague>|dijimos que el otro equipo daría su \
         opinión}. {¿Lo añades?|¿Puedes apuntarlo?}",
        "{Bien visto|Tienes razón|Es verdad}, {se me había olvidado|se me había pasado}. {Ya está añadido|Queda \
         apuntado}. ¿{Hablas tú con el otro equipo|Te encargas tú}, o {es mejor que lo haga <colleague>|esperamos \
         hasta el <day>}?",
        "{Lo hago yo con gusto|Me encargo yo}. {De todos modos veo a dos de ellos en la comida|Es cosa de un mensaje}, \
         {y así lo sabemos antes del <day>|y tendremos la respuesta a tiempo}.",
        "{Estupendo|Qué amable}, <thanks>. {He puesto tu nombre al lado|Queda apuntado}. {Si surge algo, me \
         dices|Avísame si tienen otras ideas}.",
        "{Hecho|Todo aclarado}: {el plan les gusta, solo piden un pequeño cambio de fechas|están de acuerdo y se unen \
         el <day>}. {Nos vemos entonces.|Hasta el <day>.}",
    ],
};

pub(super) const MOVE: Story = Story {
    topic: "mudanza",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "place",
            rows: &[
                "a la tercera planta",
                "al edificio nuevo",
                "a la antigua biblioteca",
                "a las salas junto al río",
                "al lado sur",
                "al despacho de la esquina",
                "a la casa de al lado",
                "a la segunda planta",
            ],
        },
        Slot {
            names: "thing",
            rows: &[
                "la planta grande",
                "la mesa larga",
                "la cafetera",
                "la pizarra vieja",
                "la estantería",
                "la lámpara del pasillo",
                "la nevera pequeña",
                "el sofá",
            ],
        },
    ],
    subject: "{Nuestra mudanza del <day>|Mudanza: una pregunta|Pronto nos mudamos|Nos vamos <place>|¿Qué hacemos con \
             todo esto?}",
    opening: "<wish> {Como sabes, nos mudamos|Ya lo habrás oído: nos mudamos|Ya es seguro, nos mudamos} el <day> \
             <place>{.|, {por fin|si todo va bien}.} {Casi todas las cajas están hechas|Casi nada está en cajas \
             todavía|<colleague> ha hecho una lista larga}, {y aun así ya no encuentro nada|pero saldrá bien|y la \
             verdad es que ya me apetece}.\n\n{Queda una pregunta|Solo hay una cosa que no sabemos}: ¿{nos llevamos \
             <thing>|qué hacemos con <thing>}? ¿{Os serviría a vosotros|Tendríais sitio para algo así}? \
             {<^norush>.|<ask>|Tú tienes experiencia en estas cosas.}",
    replies: [
        "¡{Qué rápido|Qué buena noticia}! {Yo me llevaría todo|De momento lo guardaría todo}, {siempre podréis elegir \
         más tarde|al final siempre se encuentra sitio}. ¿{Son grandes las salas nuevas|Tendréis más luz}?",
        "{Un poco más grandes que ahora|Más o menos como ahora}, {pero mucho más claras|pero con mejores vistas}. {Por \
         la mañana entra el sol por todas partes|Desde la ventana se ven los árboles}. {Ven a vernos cuando \
         quieras.|Tienes que verlo un día.}",
        "{Con mucho gusto|Por supuesto que sí}, {en cuanto desaparezcan las cajas|cuando esté todo en su sitio}. \
         {¿Necesitáis manos el <day>?|¿Os ayudo el <day>?}",
        "¡{Qué detalle|Muchísimas gracias}! {Con dos horas por la mañana ya sería mucho|Para la estantería nos vendría \
         de maravilla}. {Habrá café y un bizcocho.|<colleague> trae algo de comer.}",
        "{Hecho|Contad conmigo}, {el <day> a partir de las nueve|voy el <day> a primera hora}. {Llevo guantes.|A un \
         bizcocho nunca le digo que no.}",
    ],
};

pub(super) const DRAFT: Story = Story {
    topic: "borrador",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "text",
            rows: &[
                "la invitación a la jornada de equipo",
                "el texto de la portada",
                "el discurso del aniversario",
                "el informe del trimestre",
                "el anuncio del nuevo puesto",
                "el artículo para el boletín",
                "la guía para quienes empiezan",
                "el cartel para el tablón",
            ],
        },
    ],
    subject: "{¿Una segunda mirada?|¿Me das tu opinión?|Un texto que se me resiste|¿Lo lees tú?|Te pido una lectura}",
    opening: "<wish> Estoy escribiendo <text>{ y no avanzo| y casi he terminado|, junto con <colleague>}. {El \
             principio me gusta|La parte central funciona}, {pero el final suena rígido|pero el tono aún no es el \
             justo|pero en conjunto es demasiado largo}.\n\n¿{Podrías leerlo antes del <day>|Tendrías un rato para \
             verlo antes del <day>|Me darías tu opinión antes del <day>}? {Corta todo lo que quieras.|Me interesa \
             sobre todo el final.|<^norush>, el <other> también vale.} {Tienes buen oído para estas cosas.|Con diez \
             minutos basta.}",
    replies: [
        "{Claro que sí|Con mucho gusto}. {Mándame lo que tengas|Mándamelo todo}, {lo miro esta tarde|mañana por la \
         mañana tengo un rato}. {¿Para quién es?|¿Qué extensión buscas?}",
        "<^thanks>. {Es para toda la empresa|Lo leerá también gente que apenas nos conoce}, {una página como \
         máximo|más de media página no la lee nadie}. {No tengas piedad.|Tacha todo lo que te aburra.}",
        "{Ya lo he leído todo|Listo, lo he terminado}. {El principio tiene fuerza|Es mejor de lo que crees}, {yo \
         quitaría el segundo párrafo|yo solo partiría las frases largas}. {Al final falta una frase que vuelva al \
         principio.|La última frase podría ser más cálida.}",
        "{Me ayuda mucho|Justo eso faltaba}. {Sin el segundo párrafo es mucho más ligero|Con frases más cortas parece \
         otro texto}. {<colleague> piensa lo mismo.|Ahora hasta me gusta.}",
        "{Me alegro|Qué bien}. {Entonces está terminado|Ya puedes publicarlo}, {mañana no sería mejor|y así piensas en \
         otra cosa}. {La próxima vez me lees tú a mí.|¡Hasta el <day>!}",
    ],
};

pub(super) const TRAINING: Story = Story {
    topic: "curso",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "course",
            rows: &[
                "un curso para hablar en público",
                "un taller para moderar reuniones",
                "un taller de escritura",
                "un curso de hojas de cálculo",
                "un seminario sobre organización del tiempo",
                "un curso de dibujo para reuniones",
                "un seminario sobre saber escuchar",
                "un curso de gestión de proyectos",
            ],
        },
    ],
    subject: "{Un curso que te puede gustar|¿Vienes conmigo el <day>?|Curso el <day>|¿Aprendemos algo?|¿Tienes planes \
             el <day>?}",
    opening: "{Organizamos|Tenemos|<colleague> organiza} <course> el <day>{.|, {toda la mañana|durante tres horas}.} \
             {El grupo es pequeño|Seremos ocho}, {y se prueban muchas cosas|y nadie tiene que exponer nada}. {El año \
             pasado me gustó mucho|<colleague> todavía habla de la última vez|Me han hablado muy bien de él}.\n\n¿{Te \
             apetece venir|Te interesaría|Te guardo una plaza}? {Tendría que saberlo antes del <other>.|Queda una \
             plaza.|Después podríamos ir a comer.}",
    replies: [
        "{Suena muy bien|Justo buscaba algo así}. {El <day> puedo|Me organizo para el <day>}. ¿{Hay que saber \
         algo|Hace falta experiencia}, o {es para todo el mundo|se empieza desde cero}?",
        "{Se empieza desde cero|Es para todo el mundo}. {Trae solo algo para escribir|Ven con un ejemplo de tu día a \
         día}, {lo demás está allí|no hace falta más}. {Te apunto.|Tu nombre ya está en la lista.}",
        "{Perfecto, gracias|Gracias por apuntarme}. {Ya tengo un ejemplo en mente|Ejemplos no me faltan}, {da un poco \
         de vergüenza, pero enseña mucho|a ver qué sale}. {¿Dónde quedamos?|¿En qué sala es?}",
        "{En la sala grande de la planta baja|En la sala clara junto a la cocina}, {un poco antes de las nueve|a las \
         nueve}. {Antes hay café|Quien llega pronto se sienta junto a la ventana}.",
        "{Entonces llego pronto|El sitio de la ventana es para mí}. {Hasta el <day>|Nos vemos el <day>}. {Tengo muchas \
         ganas.|Me apetece mucho.}",
    ],
};
