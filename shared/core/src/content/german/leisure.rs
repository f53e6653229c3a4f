//! Stories of free time: books, weather, garden, sport, cooking.

use super::super::{Slot, Story};
use super::COLLEAGUE;

pub(super) const BOOK_TIP: Story = Story {
    topic: "Buchtipp",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "book/of",
            rows: &[
                "ein Roman über einen Leuchtturmwärter/einen Roman über einen Leuchtturmwärter",
                "eine Geschichte der Landkarten/eine Geschichte der Landkarten",
                "ein Buch übers Gehen/ein Buch übers Gehen",
                "ein schmales Buch über Bienen/ein schmales Buch über Bienen",
                "ein Krimi aus einer Bibliothek/einen Krimi aus einer Bibliothek",
                "das Leben eines Uhrmachers/das Leben eines Uhrmachers",
                "ein Buch über alte Brücken/ein Buch über alte Brücken",
                "ein Band mit Erzählungen/einen Band mit Erzählungen",
                "ein Reisetagebuch aus dem Norden/ein Reisetagebuch aus dem Norden",
                "ein Roman über drei Schwestern/einen Roman über drei Schwestern",
                "ein Buch über Flüsse/ein Buch über Flüsse",
            ],
        },
        Slot {
            names: "share",
            rows: &["ein Drittel", "die Hälfte", "die ersten hundert Seiten", "zwei Kapitel", "fast alles"],
        },
    ],
    subject: "{Ein Buch für dich|Was ich gerade lese|<^book>|Lesetipp: <book>|Etwas zum Lesen}",
    opening: "{Ich lese gerade <of>|Auf meinem Tisch liegt <book>|<colleague> hat mir etwas geliehen: <of>}, {und ich \
             musste an dich denken|vielleicht wäre das etwas für dich|und ich möchte davon erzählen}. {Gelesen habe \
             ich <share>|Bisher kenne ich <share>}, {an zwei Abenden|meist im Zug|viel zu spät in der Nacht}. {Es ist \
             ruhig und komisch zugleich|Alles geht langsam voran, und doch wird es nie langweilig|Auf jeder Seite gibt \
             es etwas zum Schmunzeln}.\n\n{Hast du davon gehört|Hast du es schon gelesen|Wäre das etwas für dich}? \
             {Und was liest du zurzeit|Was liegt bei dir auf dem Stapel|Kannst du mir etwas empfehlen}? {Ich brauche \
             etwas für das nächste lange Wochenende.|Meine Liste ist gerade kurz.|Auf deinen Geschmack verlasse ich \
             mich.}",
    replies: [
        "{Das kenne ich nicht|Nein, davon habe ich noch nie gehört}, {aber es klingt genau richtig|aber jetzt bin ich \
         neugierig}. {Ich stecke mitten in einem Buch über alte Gärten|Ich lese zurzeit die Briefe einer Malerin}, \
         {langsam, zehn Seiten am Tag|und will nicht, dass es endet}. {Leihst du es mir, wenn du fertig bist?|Wie \
         fängt deines an?}",
        "{Gern|Natürlich}, {du bekommst es als Nächstes|sobald ich durch bin}. {Es beginnt mit einem Sturm und einem \
         verlorenen Hut|Es fängt ganz leise an, mit einem Brief}, {und schon ist man mittendrin|und dann kann man \
         nicht aufhören}. {Deines klingt auch gut.|Erzähl mir mehr von deinem.}",
        "{Das lässt sich schwer sagen|Viel Handlung gibt es nicht}, {es geht mehr ums genaue Hinsehen|eigentlich geht \
         es um kleine Dinge}. {Wir könnten tauschen|Lass uns tauschen}, {am Monatsende|wenn wir uns sehen}.",
        "{Ein Tausch, einverstanden|Ja, machen wir das}! {<colleague> möchte mitmachen|Daraus könnte eine Gewohnheit \
         werden}, {ein winziger Lesekreis zu dritt|ein Buch im Monat, ohne Hausaufgaben}. <ask>",
        "{Ich bin dabei|Das gefällt mir}. {Ohne Hausaufgaben ist mir am liebsten|Drei ist eine gute Zahl}. {Bis bald, \
         mit dem Buch unterm Arm|Dann lese ich jetzt etwas schneller}.",
    ],
};

pub(super) const WEATHER: Story = Story {
    topic: "Wetter",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "weather/plan/todo",
            rows: &[
                "so viel Regen/eine Wanderung in den Hügeln/in den Hügeln wandern",
                "jeden Morgen Nebel/eine Bootstour/eine Bootstour machen",
                "noch einmal Frost/ein Picknick/picknicken",
                "eine Woche lang Sonne/eine lange Radtour/eine lange Radtour machen",
                "starken Wind/ein Nachmittag mit Drachen am Strand/am Strand Drachen steigen lassen",
                "endlich einen warmen Abend/ein Grillabend/grillen",
                "jeden Nachmittag Gewitter/ein Bad im See/im See baden",
                "den ersten Schnee/eine Schlittenfahrt/Schlitten fahren",
                "so klare Nächte/ein Abend unter Sternen/die Sterne ansehen",
            ],
        },
    ],
    subject: "{Das Wetter|Das Wetter bei uns|Ein Blick zum Himmel|<^plan>?|Wie ist das Wetter bei euch?|<^plan>, wenn \
             das Wetter mitspielt}",
    opening: "{Hinter uns liegt eine besondere Woche, wir hatten <weather>|Bei uns gab es zuletzt <weather>|Hier haben \
             wir <weather>}, {und niemand redet von etwas anderem|ungewöhnlich für die Jahreszeit|und alle stehen am \
             Fenster und schauen}. {Wie sieht es bei euch aus|Ist es bei dir genauso|Was macht der Himmel bei \
             dir}?\n\n{Am Wochenende wollen wir <todo>|Eigentlich wollten wir <todo>|<colleague> möchte mit uns \
             <todo>}, {und ich sehe zweimal am Tag nach der Vorhersage|drück uns also die Daumen|jetzt hängt alles von \
             den Wolken ab}. {Die Vorhersage sagt wie immer: vielleicht.|Unser Nachbar richtet sich nach den \
             Schwalben.|An die Vorhersage glaube ich längst nicht mehr.} {Habt ihr etwas vor|Was hast du vor|Gibt es \
             bei dir Pläne}?",
    replies: [
        "{Hier ist es genau umgekehrt|Bei uns ist es ähnlich}, {und ich beschwere mich nicht|also sitzen alle in der \
         Küche}. {Große Pläne haben wir nicht|Wir bleiben daheim}, {ein langes Frühstück und ein Buch|etwas kochen, \
         dazu ein alter Film}. {<^plan> klingt allerdings verlockend|Obwohl, <plan> wäre auch schön}. {Wohin würdet \
         ihr gehen?|Kennst du eine gute Stelle?}",
        "{Eine halbe Stunde von hier gibt es eine Stelle|Nicht weit von hier liegt ein Platz am Wasser}, {den kaum \
         jemand kennt|mit einer alten Bank unter einem Baum}. {Komm doch einmal mit.|Nächstes Mal musst du mitkommen.}",
        "{Sehr gern|Das würde mich freuen}! {Gib mir ein Zeichen, wenn ihr losgeht|Sag mir ein, zwei Tage vorher \
         Bescheid}, {dann bringe ich etwas zu essen mit|ich habe eine große Thermoskanne}.",
        "{Abgemacht|So machen wir es}. {Es hat übrigens geklappt|Am Ende hatten wir Glück}: {Die Wolken haben sich im \
         richtigen Moment verzogen|Zwei Stunden lang blieb das Wetter freundlich}.",
        "{Das freut mich|Wie schön}! {Zwei solche Stunden machen die ganze Woche besser|Mehr braucht es nicht}. \
         {Nächstes Mal mit mir.|Ich freue mich schon auf das nächste Mal.}",
    ],
};

pub(super) const GARDEN: Story = Story {
    topic: "Garten",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "plant",
            rows: &[
                "die Tomaten",
                "die Rosen",
                "die Bohnen",
                "die Erdbeeren",
                "die Kräuter",
                "die Sonnenblumen",
                "die Kürbisse",
                "die Himbeeren",
                "die Zucchini",
                "die Brombeeren",
            ],
        },
        Slot {
            names: "trouble",
            rows: &[
                "die Schnecken waren schneller",
                "die Blätter werden gelb",
                "alles wächst kreuz und quer",
                "die Vögel kommen uns zuvor",
                "es war wochenlang zu trocken",
                "es tut sich fast nichts",
            ],
        },
    ],
    subject: "{<^plant>|Neues aus dem Garten|Eine Frage zum Garten|<^plant> und ich|Wie geht es deinem Garten?}",
    opening: "{Du hast von uns allen den grünen Daumen|Du kennst dich mit Gärten aus|Ich habe eine Gartenfrage}{.|, \
             deshalb schreibe ich dir.} {Dieses Jahr haben wir es mit etwas Neuem versucht: <plant>|Wir haben viel \
             Mühe in <plant> gesteckt|<colleague> und ich kümmern uns dieses Jahr um <plant>}, doch <trouble>{.|, \
             {leider|wie es aussieht|fürchte ich}.} {In den Büchern steht viel, und in jedem etwas anderes|Die \
             Nachbarn zucken mit den Schultern und lächeln|Bisher haben wir es mit Geduld versucht}.\n\n{Was würdest \
             du tun|Kennst du das|Hast du einen Trick}? {Mehr Wasser|Weniger Wasser|Ein anderes Beet}, oder {einfach \
             abwarten|nächstes Jahr neu anfangen|die Nachbarn um ein paar Ableger bitten}? {Und wie geht es deinem \
             Garten|Was blüht bei dir gerade}? {In meiner Erinnerung ist er ein Bild.|Ich würde ihn gern wiedersehen.}",
    replies: [
        "{Oh, das kenne ich|Das hatten wir auch}. {Ich gieße früh am Morgen und nur zweimal in der Woche|Ich lege \
         etwas Stroh aus und lasse alles in Ruhe}, {das hat mehr geholfen als alles andere|und nach einer Weile sieht \
         es besser aus}. {Mein eigener Garten ist dieses Jahr ziemlich wild|Hier blüht gerade alles auf einmal}. {Wie \
         viel Sonne haben sie?|Stehen sie in der Sonne?}",
        "{Sonne bis zum Mittag, danach steht das Haus im Weg|Ziemlich viel Sonne, vom Frühstück bis zum Kaffee}. {Dann \
         versuche ich es auf deine Art|Also Stroh und früh aufstehen}, {schaden kann es nicht|wach bin ich ohnehin}. \
         {Wild ist auch schön.|Wilde Gärten sind die besten.}",
        "{Die Bienen sehen das auch so|Der Igel ist deiner Meinung}. {Ein halber Tag Sonne reicht|Das ist genug \
         Sonne}, {gib dem Ganzen noch zwei Wochen|hab nur Geduld}. {Ich könnte dir ein paar Setzlinge geben|Ein paar \
         Pflanzen habe ich übrig}, wenn du magst.",
        "{Das ist sehr lieb|Oh ja, bitte}! {Es sieht schon besser aus, glaube ich|Etwas Grünes ist aufgetaucht}, {oder \
         ich habe nur angefangen zu hoffen|dein Rat wirkt also}. {Dafür bekommst du Rhabarber.|Minze haben wir mehr \
         als genug.}",
        "{Ein fairer Tausch|Da sage ich nie Nein}! {Komm vorbei, wann du willst|Ich stelle dir alles ans Tor}, {und \
         gib acht auf den Igel|in einer Kiste lässt es sich gut tragen}.",
    ],
};

pub(super) const SPORT: Story = Story {
    topic: "Sport",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "to/what",
            rows: &[
                "zum Lauftreff/Lauftreff",
                "zum Rudern/Rudern",
                "zum Tischtennis/Tischtennis",
                "zur Radgruppe/Radgruppe",
                "in die Kletterhalle/Klettern",
                "zum Volleyball/Volleyball",
                "zum Badminton/Badminton",
                "zum Schwimmen/Schwimmen",
                "zum Tanzkurs/Tanzkurs",
            ],
        },
        Slot {
            names: "when",
            rows: &["einmal in der Woche", "alle zwei Wochen", "sonntags", "nach der Arbeit", "frühmorgens"],
        },
    ],
    subject: "{<^what>|Kommst du mit <to>?|<^what>: Bist du dabei?|Ein bisschen Bewegung|Wieder Sport}",
    opening: "{Nach langer Pause gehe ich wieder <to>|<colleague> hat mich mit <to> genommen|Ich gehe seit Kurzem \
             <to>}, <when>{.|, {ob du es glaubst oder nicht|und es macht Freude|mehr oder weniger regelmäßig}.} {Ich \
             war mit Abstand am langsamsten|Es lief besser als befürchtet|Ich hatte vergessen, wie viel Spaß das \
             macht}, und {niemand hat sich daran gestört|alle waren sehr freundlich|wir haben viel gelacht}. {Danach \
             gibt es Tee und Brote|Das Schönste ist das Gespräch danach|Bei gutem Wetter sitzen wir noch \
             zusammen}.\n\n{Hast du das nicht jahrelang gemacht|Ich erinnere mich, dass du gut darin warst, oder|Das \
             war doch früher auch deine Sache}? {Hast du Lust mitzukommen|Soll ich dich anmelden|Machst du das noch}? \
             {Man kann es einfach einmal versuchen.|Zwei Plätze sind noch frei.|Es ist auch für Anfänger.}",
    replies: [
        "{Das ist lange her|Das waren noch Zeiten}! {Ich habe es seit Jahren nicht gemacht|Meine Schuhe müssen \
         irgendwo im Keller sein}, {aber du machst mir Lust darauf|aber warum eigentlich nicht}. {Wie gut sind die \
         anderen|Wie ernst nehmt ihr es}? {Ich möchte niemanden aufhalten.|Ich bin völlig aus der Übung.}",
        "{Gar nicht ernst|Ganz entspannt}. {Die Hälfte kommt wegen des Tees|<colleague> zählt die Punkte, und niemand \
         fragt danach}. {Du wärst in guter Gesellschaft|Du bist bestimmt schneller als ich}, {glaub mir|so viel ist \
         sicher}. {Komm einfach einmal vorbei.|Probier es aus.}",
        "{Na gut, du hast gewonnen|Also schön, ich komme}! {Die Schuhe habe ich gefunden|Die Schuhe passen noch}, {zu \
         meiner Überraschung|das ist ein gutes Zeichen}. {Wo muss ich hin?|Kann man sich dort umziehen?}",
        "{Großartig|Das sind gute Neuigkeiten}! {Ich hole dich ab|Wir treffen uns am Tor}, {dann musst du nicht \
         suchen|beim ersten Mal ist es schwer zu finden}. {Bring ein Handtuch und etwas Wasser mit.|Du brauchst nur \
         die Schuhe.}",
        "{Gut|Danke}, {ich bin pünktlich|ich freue mich darauf}. {Und wenn ich am nächsten Tag noch laufen kann, komme \
         ich wieder|Und beim ersten Mal bringe ich den Tee mit}.",
    ],
};

pub(super) const COOKING: Story = Story {
    topic: "Kochen",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "dish",
            rows: &[
                "Kürbissuppe",
                "Linseneintopf",
                "Zwiebelkuchen",
                "Gemüselasagne",
                "Pilzrisotto",
                "Apfelstrudel",
                "Kartoffelsalat",
                "Brot mit Nüssen",
                "Käsespätzle",
            ],
        },
        Slot { names: "guests", rows: &["vier", "sechs", "acht", "fünf", "zehn"] },
    ],
    subject: "{<^dish>|<^dish> für <guests> Leute|Eine Küchenfrage|Was koche ich am Samstag?|Hilfe in der Küche}",
    opening: "{Am Samstag kommen <guests> Leute zu uns|Wir haben am Samstag <guests> Gäste|Für Samstag habe ich \
             <guests> Leute eingeladen}, {und ich habe <dish> versprochen|und es soll <dish> geben|und auf dem Zettel \
             steht <dish>}. {<colleague> schwärmt immer noch von deinem Essen|Deines war damals unvergesslich|Ich weiß \
             noch, wie gut das bei dir schmeckte}, {deshalb frage ich dich|also wende ich mich an dich}.\n\n{Was ist \
             dein Geheimnis|Worauf muss ich achten|Was machst du anders als andere}? {Am Vortag kochen oder erst am \
             Abend|Lieber viel würzen oder wenig|Reicht der kleine Topf, oder brauche ich zwei}? {Beim letzten Mal war \
             es etwas fad.|Beim letzten Mal ist es angebrannt.|Ich habe es erst einmal gemacht.} {<ask>|Jeder Rat ist \
             willkommen.}",
    replies: [
        "{Da fragst du genau richtig|Schöne Frage}! {Nimm dir Zeit für die Zwiebeln|Mach es am Vortag}, {das ist schon \
         das halbe Geheimnis|am nächsten Tag schmeckt es immer besser}. {Und ganz am Schluss ein Spritzer Zitrone|Und \
         sei mutig beim Würzen}. {Was gibt es dazu?|Wer kommt denn alles?}",
        "{Zitrone, darauf wäre ich nie gekommen|Am Vortag, das passt mir gut}! {Dazu gibt es einen einfachen Salat|Es \
         kommen Nachbarn und <colleague>}, {mehr schaffe ich nicht|das wird eine nette Runde}. {Und als \
         Nachtisch?|Hast du noch eine Idee für danach?}",
        "{Etwas mit Birnen|Ein Pflaumenkompott}, {das geht schnell|das macht sich fast von selbst}. {Und niemand will \
         danach noch viel essen|Dazu etwas Sahne, und alle sind zufrieden}. {Berichte, wie es war!|Ich bin gespannt.}",
        "{Es hat geklappt|Es ist alles aufgegessen}! {Drei Leute wollten das Rezept|Sogar die Kinder haben \
         nachgenommen}, {und ich habe gesagt, von wem es ist|das lag an der Zitrone}. {Ich schulde dir ein \
         Abendessen.|Nächstes Mal sitzt du mit am Tisch.}",
        "{Das freut mich sehr|Na bitte}! {Zu einem Abendessen sage ich nicht Nein|Ich komme gern}, {den Nachtisch \
         bringe ich mit|sag mir nur, wann}.",
    ],
};
