//! Stories of free time: books, weather, garden, sport.

use super::super::{Slot, Story};
use super::COLLEAGUE;

pub(super) const BOOK_TIP: Story = Story {
    topic: "lectura",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "book",
            rows: &[
                "una novela sobre el guardián de un faro",
                "una historia de los mapas",
                "un libro sobre caminar",
                "un librito sobre las abejas",
                "una novela policíaca en una biblioteca",
                "la vida de un relojero",
                "un libro sobre puentes antiguos",
                "una colección de cuentos",
                "un diario de viaje por el norte",
                "una novela sobre tres hermanas",
                "un libro sobre los ríos",
            ],
        },
        Slot {
            names: "share",
            rows: &["un tercio", "la mitad", "las primeras cien páginas", "dos capítulos", "casi todo"],
        },
    ],
    subject: "{Un libro para ti|Lo que estoy leyendo|<^book>|Para leer: <book>|Algo para leer}",
    opening: "{Estoy leyendo <book>|Tengo en la mesa <book>|<colleague> me ha prestado <book>}, {y me acordé de ti|a \
             lo mejor te gusta|y quería contártelo}. {He leído <share>|De momento conozco <share>}, {en dos \
             tardes|sobre todo en el tren|demasiado tarde por la noche}. {Es tranquilo y divertido a la vez|Avanza \
             despacio y nunca aburre|Cada página tiene algo que hace sonreír}.\n\n¿{Te suena|Lo has leído ya|Te \
             apetecería leerlo}? ¿{Y tú qué lees estos días|Y qué hay en tu mesilla|Y tú me recomiendas algo}? \
             {Necesito algo para el próximo puente.|Mi lista es corta ahora mismo.|Me fío de tu gusto.}",
    replies: [
        "{No lo conozco|No, no me suena}, {pero parece justo lo que me gusta|pero ahora tengo ganas de leerlo}. {Estoy \
         a medias con un libro sobre jardines antiguos|Estoy leyendo las cartas de una pintora}, {despacio, diez \
         páginas al día|y no quiero que se acabe}. {¿Me lo prestas cuando termines?|¿Cómo empieza el tuyo?}",
        "{Claro|Con gusto}, {el siguiente turno es tuyo|en cuanto lo termine}. {Empieza con una tormenta y un sombrero \
         perdido|Empieza muy despacio, con una carta}, {y ya estás dentro|y luego no se puede parar}. {El tuyo también \
         suena bien.|Cuéntame más del tuyo.}",
        "{Es difícil de resumir|No pasan muchas cosas}, {trata más bien de mirar con atención|en el fondo va de cosas \
         pequeñas}. {Podríamos intercambiarlos|Hagamos un cambio}, {a fin de mes|cuando nos veamos}.",
        "{Hecho, cambio|Sí, hagámoslo}. {<colleague> quiere apuntarse|Podríamos tomarlo por costumbre}, {un club \
         diminuto de tres|un libro al mes, sin deberes}. <ask>",
        "{Me apunto|Me gusta}. {Sin deberes es mi norma favorita|Tres es un buen número}. {Hasta pronto, con el libro \
         bajo el brazo|Voy a leer un poco más deprisa}.",
    ],
};

pub(super) const WEATHER: Story = Story {
    topic: "el tiempo",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "weather/plan/todo",
            rows: &[
                "tanta lluvia/una caminata por las colinas/caminar por las colinas",
                "niebla todas las mañanas/una salida en barca/salir en barca",
                "una helada tardía/una comida en el campo/comer en el campo",
                "una semana de sol/una ruta larga en bici/hacer una ruta larga en bici",
                "mucho viento/una tarde de cometas/volar cometas en la playa",
                "por fin una noche templada/una cena al aire libre/cenar al aire libre",
                "tormenta todas las tardes/un baño en el lago/bañarnos en el lago",
                "la primera nieve/una tarde de trineos/tirarnos en trineo",
                "unas noches clarísimas/una noche de estrellas/mirar las estrellas",
            ],
        },
    ],
    subject: "{<^weather>|El tiempo|<^weather> por aquí|¿Qué tiempo tenéis?|<^plan>, si el tiempo quiere}",
    opening: "{Hemos tenido <weather>|Aquí hemos tenido <weather>|Estos días hemos tenido <weather>}, {y no se habla \
             de otra cosa|algo raro en esta época|y toda la calle ha salido a mirar}. ¿{Qué tal por ahí|Os pasa lo \
             mismo|Cómo está el cielo por tu zona}?\n\n{El fin de semana queremos <todo>|Nuestro plan era \
             <todo>|<colleague> quiere convencernos de <todo>}, {y miro la previsión dos veces al día|así que cruza \
             los dedos|ahora todo depende de las nubes}. {La previsión dice que quizá, como siempre.|Mi vecino se guía \
             por las golondrinas.|Hace tiempo que no creo en la previsión.} ¿{Tenéis planes|Tú qué harás|Algún plan \
             por ahí}?",
    replies: [
        "{Aquí es justo al revés|Aquí estamos más o menos igual}, {y no me quejo|así que todo el mundo está en la \
         cocina}. {No tenemos grandes planes|Nos quedamos en casa}, {un desayuno largo y un libro|algo de cocina y una \
         película antigua}. {<^plan> suena muy bien, eso sí|Aunque <plan> también estaría bien}. {¿Adónde \
         iríais?|¿Conoces un buen sitio?}",
        "{Hay un sitio a media hora de aquí|No muy lejos hay un rincón junto al agua}, {casi nadie lo conoce|con un \
         árbol enorme que da sombra}. {Tienes que venir un día.|La próxima vez vienes tú también.}",
        "{Con muchísimo gusto|Me encantaría}. {Hazme una señal cuando vayáis|Avísame un día o dos antes}, {y llevo \
         algo de comer|tengo un termo enorme}.",
        "{Trato hecho|De acuerdo}. {Salió bien, por cierto|Al final tuvimos suerte}: {las nubes se fueron en el \
         momento justo|dos horas de buen tiempo, y fue suficiente}.",
        "{Me alegro|Qué bien}. {Dos horas así arreglan una semana|No hace falta más}. {La próxima vez, conmigo.|Ya \
         tengo ganas de la próxima.}",
    ],
};

pub(super) const GARDEN: Story = Story {
    topic: "jardín",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "plant/of",
            rows: &[
                "los tomates/de los tomates",
                "los rosales/de los rosales",
                "las judías/de las judías",
                "las fresas/de las fresas",
                "las hierbas aromáticas/de las hierbas aromáticas",
                "los girasoles/de los girasoles",
                "las calabazas/de las calabazas",
                "las frambuesas/de las frambuesas",
                "los calabacines/de los calabacines",
                "las moras/de las moras",
            ],
        },
        Slot {
            names: "trouble",
            rows: &[
                "los caracoles llegaron antes",
                "las hojas se ponen amarillas",
                "todo crece en cualquier dirección",
                "los pájaros son más rápidos que nosotros",
                "hubo semanas demasiado secas",
                "apenas crece nada",
            ],
        },
    ],
    subject: "{<^plant>|Noticias del jardín|Una pregunta de jardín|<^plant> y yo|¿Cómo va tu jardín?}",
    opening: "{Tú eres quien tiene buena mano con las plantas|Tú entiendes de jardines|Tengo una pregunta de \
             jardín}{.|, por eso te escribo.} {Este año hemos probado suerte con <plant>|Hemos puesto mucho cuidado en \
             plantar <plant>|<colleague> y yo cuidamos este año <of>}, pero <trouble>{.|, {por desgracia|según \
             parece|me temo}.} {Los libros dicen muchas cosas, y cada uno la suya|Los vecinos se encogen de hombros y \
             sonríen|Hasta ahora lo hemos intentado con paciencia}.\n\n¿{Qué harías tú|Te suena|Tienes algún truco}? \
             ¿{Más agua|Menos agua|Otro rincón}, o {simplemente esperar|empezar de nuevo el año que viene|pedir unos \
             esquejes a los vecinos}? ¿{Y cómo está tu jardín|Y qué florece por ahí}? {Lo recuerdo como un cuadro.|Me \
             gustaría volver a verlo.}",
    replies: [
        "{Sí, lo conozco bien|A nosotros también nos pasó}. {Riego por la mañana temprano y solo dos veces por \
         semana|Pongo un poco de paja alrededor y lo dejo todo en paz}, {fue lo que mejor funcionó|y al cabo de un \
         tiempo mejora}. {Mi jardín está bastante salvaje este año|Aquí florece todo a la vez}. {¿Cuánto sol les \
         da?|¿Es un rincón soleado?}",
        "{Sol hasta mediodía, después la casa hace sombra|Bastante sol, desde el desayuno hasta la merienda}. {Lo haré \
         a tu manera|Entonces, paja y madrugar}, {por probar no pasa nada|de todos modos madrugo}. {Un jardín salvaje \
         también es bonito.|Los jardines salvajes son los mejores.}",
        "{Las abejas piensan como tú|El erizo opina lo mismo}. {Con medio día de sol basta|Es sol suficiente}, {dales \
         dos semanas más|solo hace falta paciencia}. {Podría darte unas plantas jóvenes|Tengo algunas plantas de \
         sobra}, si quieres.",
        "{Qué amable|Sí, por favor}. {Ya tienen mejor aspecto, creo|Ha salido algo verde}, {o es que empiezo a tener \
         esperanza|así que tu consejo funciona}. {A cambio te doy ruibarbo.|Tenemos más menta de la que podemos usar.}",
        "{Un cambio justo|A eso nunca digo que no}. {Pásate cuando quieras|Te lo dejo todo junto a la puerta}, {y \
         cuidado con el erizo|en una caja viajan bien}.",
    ],
};

pub(super) const SPORT: Story = Story {
    topic: "deporte",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "to/what",
            rows: &[
                "a correr al parque/correr en el parque",
                "a remo/remo",
                "a tenis de mesa/tenis de mesa",
                "al grupo de bici/el grupo de bici",
                "al rocódromo/el rocódromo",
                "a voleibol/voleibol",
                "a bádminton/bádminton",
                "a nadar/nadar",
                "a clase de baile/clase de baile",
            ],
        },
        Slot {
            names: "when",
            rows: &["una vez por semana", "cada dos semanas", "los domingos", "después del trabajo", "a primera hora"],
        },
    ],
    subject: "{<^what>|¿Vienes <to>?|<^what>: ¿te apuntas?|Un poco de movimiento|De vuelta al deporte}",
    opening: "{Después de una larga pausa he vuelto <to>|<colleague> me ha llevado <to>|Desde hace poco voy <to>}, \
             <when>{.|, {aunque no lo creas|y me gusta|más o menos}.} {Todo el mundo iba más rápido que yo|Fue mejor \
             de lo que temía|Había olvidado lo divertido que es}, y {a nadie le importó|todo el mundo fue muy \
             amable|nos reímos mucho}. {Después hay té y tostadas|Lo mejor es la charla de después|Cuando hace bueno \
             nos quedamos un rato}.\n\n¿{No lo hacías tú hace años|No se te daba bastante bien|No era también cosa \
             tuya}? ¿{Te apetece venir|Te apunto|Lo sigues haciendo}? {Se puede probar una vez.|Quedan dos \
             plazas.|También es para principiantes.}",
    replies: [
        "{De eso hace mucho|Qué tiempos aquellos}. {No lo hago desde hace años|Mis zapatillas deben de estar en algún \
         armario}, {pero me estás dando ganas|pero por qué no}. ¿{Qué nivel tienen los demás|Va muy en serio}? {No \
         quisiera retrasar a nadie.|Me falta mucha práctica.}",
        "{Nada en serio|Muy relajado}. {La mitad viene por el té|<colleague> lleva la cuenta y nadie se la pide}. \
         {Estarás en buena compañía|Irás más rápido que yo}, {créeme|eso es seguro}. {Ven una vez y lo ves.|Prueba y \
         ya está.}",
        "{Vale, me has convencido|Está bien, voy}. {He encontrado las zapatillas|Las zapatillas todavía me valen}, \
         {para mi sorpresa|es buena señal}. {¿Adónde tengo que ir?|¿Hay vestuario?}",
        "{Estupendo|Qué buena noticia}. {Paso a buscarte|Quedamos en la puerta}, {así no tienes que buscar|la primera \
         vez cuesta encontrarlo}. {Trae una toalla y algo de agua.|Solo necesitas las zapatillas.}",
        "{Bien|Gracias}, {llegaré a tiempo|tengo muchas ganas}. {Y si al día siguiente puedo andar, vuelvo|Y el té de \
         la primera vez lo llevo yo}.",
    ],
};
