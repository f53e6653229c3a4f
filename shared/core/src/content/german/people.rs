//! Stories between people: thanks, events, lunch, travel, farewells, newcomers.

use super::super::{Slot, Story};
use super::{COLLEAGUE, DAYS};

pub(super) const THANKS: Story = Story {
    topic: "Dank",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "help",
            rows: &[
                "bei der Vorbereitung",
                "bei der Übergabe",
                "mit der langen Liste",
                "beim Aufräumen",
                "bei der Führung durchs Haus",
                "mit den Gästen",
                "beim Übersetzen",
                "bei der Raumsuche",
                "mit dem Zeitplan",
            ],
        },
    ],
    subject: "{Danke für deine Hilfe|Ein großes Dankeschön|Danke für <day>|Das war eine große Hilfe|Danke noch mal}",
    opening: "{Ich wollte dir noch einmal danken|Das muss ich noch loswerden: danke|Ein Wort des Dankes, das ich am \
             <day> vergessen habe}{.|, diesmal in Ruhe.} {Ohne dich|Ohne deine Hilfe <help>} {hätten wir es nicht \
             geschafft|säßen wir heute noch da|wäre der <day> anders ausgegangen}. {<colleague> hat seitdem gute \
             Laune|Alle haben gefragt, wer das war|Es lief am Ende besser, als wir gehofft hatten}.\n\n{Wie war dein \
             Rückweg|Bist du gut nach Hause gekommen|Konntest du dich danach ausruhen}? {Wenn du einmal Hilfe \
             brauchst|Wenn bei dir etwas ansteht}, {sag einfach Bescheid|melde dich bitte|sind wir an der Reihe}. {Den \
             Kaffee übernehme nächstes Mal ich.|Das haben wir nicht vergessen.}",
    replies: [
        "{Das habe ich gern gemacht|Nicht der Rede wert}, {es hat mir sogar Spaß gemacht|so viel war es gar nicht}. \
         {Der Rückweg war ruhig|Ich war bald zu Hause}, {mit einem guten Buch|und die Sonne schien noch}. {Wie geht es \
         bei euch weiter?|Hat sich <colleague> schon erholt?}",
        "{Bei uns ist es jetzt ruhiger|Langsam kehrt Ruhe ein}, {und wir schreiben auf, was gut lief|und wir räumen \
         die letzten Sachen weg}. {Dürfen wir dich beim nächsten Mal wieder fragen?|Fällt dir etwas ein, das wir \
         besser machen könnten?}",
        "{Fragt mich gern wieder|Immer gern}. {Ich würde beim nächsten Mal früher anfangen|Vielleicht braucht es eine \
         Person mehr an der Tür}, {sonst war alles rund|mehr fällt mir nicht ein}.",
        "{Guter Punkt|Das nehmen wir mit}, <thanks>. {<colleague> hat es gleich notiert|Es steht schon auf unserer \
         Liste}. {Und der Kaffee steht noch aus.|Passt dir <other> für einen Kaffee?}",
        "{Den nehme ich gern an|Sehr gern}! {<other> nach dem Mittagessen passt mir|Am <other> bin ich ohnehin in \
         eurer Nähe}. {Bis dann!|Ich freue mich.}",
    ],
};

pub(super) const EVENT: Story = Story {
    topic: "Veranstaltung",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "event/to",
            rows: &[
                "das Frühlingstreffen/zum Frühlingstreffen",
                "der Tag der offenen Tür/zum Tag der offenen Tür",
                "das Sommerfest/zum Sommerfest",
                "die Buchmesse/zur Buchmesse",
                "die Museumsnacht/zur Museumsnacht",
                "das Straßenfest/zum Straßenfest",
                "die Fachtagung/zur Fachtagung",
                "der Designabend/zum Designabend",
                "das Gemeinschaftsfrühstück/zum Gemeinschaftsfrühstück",
            ],
        },
    ],
    subject: "{<^event>|Gehst du <to>?|<^event> am <day>|Zusammen <to>?|Sehen wir uns am <day>?}",
    opening: "{Gehst du <to>|Hast du gesehen, dass <event> bald ist|Hast du auch die Einladung <to> bekommen}? {Am \
             <day> ist es so weit|Diesmal findet alles am <day> statt|Der Termin wurde auf <day> verlegt}, {und das \
             Programm sieht {gut|spannend|besser als letztes Jahr} aus|und einige von uns gehen hin|und ich habe schon \
             viel Gutes gehört}.\n\n{{<colleague> und ich wollen hingehen|Ich gehe mit <colleague> hin}, {gegen \
             sechs|kurz bevor es losgeht|wenigstens für zwei Stunden}|<colleague> hat mich überredet, und jetzt freue \
             ich mich darauf}. {Kommst du mit|Treffen wir uns am Eingang|Hast du Lust, dich anzuschließen}? {Es wäre \
             schön, dich dort zu sehen.|Vorher könnten wir eine Kleinigkeit essen.|Danach könnten wir noch irgendwo \
             zusammensitzen.}",
    replies: [
        "{Was für eine schöne Idee|Das hätte ich fast vergessen|Es steht schon in meinem Kalender}! {Ich bin dabei|Ich \
         komme gern mit}. {Am <day> muss ich nur noch etwas verschieben|Kurz nach sechs könnte ich da sein}. {Muss man \
         sich anmelden|Gibt es eine Liste}, oder {geht man einfach hin|ist es für alle offen}?",
        "{Einfach hingehen|Es ist für alle offen|Eine Liste gibt es nicht}, {soweit ich weiß|so stand es in der \
         Einladung}. {Wir treffen uns am Haupteingang|<colleague> wartet unter der großen Uhr}, {also lass dir \
         Zeit|wir warten auf dich}. {Gibt es etwas, das du auf keinen Fall verpassen willst?|Was möchtest du unbedingt \
         sehen?}",
        "{Den Vortrag um sieben|Die Kurzfilme}, {denke ich|wenn ich wählen muss}. {Und alles, wo Musik gespielt \
         wird|Und ehrlich gesagt das Essen}. {Darf ich noch jemanden mitbringen?|Ich käme zu zweit, wenn das in \
         Ordnung ist.}",
        "{Natürlich|Aber gern|Je mehr, desto besser}. {Dann sind wir zu viert|Das macht vier}, {genau richtig für \
         einen Tisch|eine gute Zahl}. {Ich suche uns etwas in der Nähe.|Mal sehen, wohin uns der Abend führt.}",
        "{Herrlich|Wunderbar}! {Dann bis <day>|Wir sehen uns am <day>}. {Ich freue mich darauf.|Das wird ein schöner \
         Abend.}",
    ],
};

pub(super) const LUNCH: Story = Story {
    topic: "Mittagessen",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "place/into",
            rows: &[
                "die Nudelbar am Bahnhof/in die Nudelbar am Bahnhof",
                "der kleine Italiener/zum kleinen Italiener",
                "die Kantine im Park/in die Kantine im Park",
                "die Bäckerei an der Ecke/in die Bäckerei an der Ecke",
                "das Gartencafé/ins Gartencafé",
                "die Suppenküche am Kanal/in die Suppenküche am Kanal",
                "die Markthalle/in die Markthalle",
                "das koreanische Lokal an der Brücke/in das koreanische Lokal an der Brücke",
            ],
        },
    ],
    subject: "{Mittagessen am <day>?|Mal wieder zusammen essen?|Gehen wir <into>?|<^place>|Zeit für ein Mittagessen?}",
    opening: "{Das letzte Mal ist viel zu lange her|Wir waren ewig nicht mehr zusammen essen|Ich sehe gerade in meinen \
             Kalender}. {Wie wäre es mit einem Mittagessen am <day>|Hast du am <day> mittags Zeit|Wollen wir am <day> \
             zusammen essen}{?|, so gegen {zwölf|halb eins|eins}?} {Wir könnten <into> gehen|Mein Vorschlag wäre: \
             <place>|<colleague> geht gern <into>}, {dort gibt es eine neue Karte|mittags ist es dort meist ruhig|man \
             kann draußen sitzen}.\n\n{Ich möchte hören, was bei dir los ist|Es gibt ein paar Neuigkeiten, nichts \
             Dramatisches|Zu erzählen gibt es genug}. {Wenn <day> nicht geht, dann vielleicht <other>.|<other> ginge \
             auch.} {<colleague> kommt vielleicht dazu.|Wir können auch zu zweit gehen.|Bring Hunger mit.}",
    replies: [
        "{Gute Idee|Ja, machen wir das|Das wollte ich dich auch gerade fragen}! {<day> passt|Am <day> kann ich}, {bis \
         Mittag sitze ich am Schreibtisch|und danach habe ich keinen Termin}. {Dort war ich noch nie|Da war ich \
         einmal, und es war gut}. {Sollen wir reservieren|Nehmen sie Reservierungen an}, oder {findet man immer \
         Platz|gehen wir einfach hin}?",
        "{Ich reserviere für uns|Ich habe dort angerufen}, {auf meinen Namen|sicher ist sicher}. {Wir haben einen \
         Tisch am Fenster|Wir bekommen den kleinen Tisch hinten}. {Gibt es etwas, das du nicht isst?|Magst du es \
         scharf?}",
        "{Ich esse alles|Mir ist alles recht}, {am liebsten viel Gemüse|nur nicht zu scharf}. {Soll ich dich unterwegs \
         abholen|Treffen wir uns dort}?",
        "{Treffen wir uns dort|Wir sehen uns dort}, {es ist leicht zu finden|gleich hinter der Ecke}. {Wenn du früher \
         da bist, setz dich schon hinein|Vielleicht komme ich fünf Minuten später}.",
        "{Kein Problem|Das macht nichts}. {Dann lese ich die Karte eben zweimal|Ich habe jetzt schon Hunger}. {Bis \
         <day>!|Wir sehen uns am <day>.}",
    ],
};

pub(super) const TRAVEL: Story = Story {
    topic: "Reise",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "city",
            rows: &[
                "Lissabon",
                "Kopenhagen",
                "Porto",
                "Gent",
                "Ljubljana",
                "Edinburgh",
                "Bologna",
                "Helsinki",
                "Dublin",
                "Tallinn",
                "Utrecht",
                "Krakau",
                "Triest",
                "Antwerpen",
            ],
        },
        Slot {
            names: "days",
            rows: &["zwei Tage", "drei Tage", "ein langes Wochenende", "fast eine Woche", "vier Tage"],
        },
    ],
    subject: "{<city>|Eine Reise nach <city>|Tipps für <city>?|<^days> in <city>|Du kennst doch <city>?}",
    opening: "<wish> {Ich fahre bald nach <city>|Demnächst bin ich in <city>|Vor mir liegt eine Reise nach <city>}, \
             {<days> lang|für <days>}{.|, teils beruflich, teils zum Vergnügen.} {Du kennst die Stadt gut|Du warst \
             doch letztes Jahr dort|<colleague> sagt, du kennst die Stadt auswendig}, {deshalb frage ich dich|da \
             dachte ich gleich an dich}.\n\n{Wo würdest du wohnen|Welches Viertel magst du am liebsten|Was sollte ich \
             nicht verpassen}, und {wo frühstückt man in Ruhe|wo geht man abends spazieren|für welches Museum lohnt \
             sich ein Vormittag}? {Ich laufe gern und brauche nicht viel.|Ein, zwei Namen genügen mir.|Lieber sehe ich \
             wenig, und das richtig.}",
    replies: [
        "{Du hast es gut|Wie schön|Da beneide ich dich}! {Wohn in der Nähe der Altstadt, aber eine Straße abseits vom \
         großen Platz|Ich wohne immer etwas außerhalb und nehme die Straßenbahn}. {Geh früh am Morgen auf den \
         Hügel|Geh abends am Wasser entlang}, {bevor die vielen Leute kommen|wenn das Licht weich wird}. {Reist du \
         allein?|Kommt <colleague> mit?}",
        "{<^thanks>|Das ist großartig, danke}, {ich sehe es schon vor mir|genau so etwas wollte ich wissen}. {Ich \
         reise allein|<colleague> kommt für einen Tag nach}, {und zwar mit dem Zug|ich nehme den Zug}, {da habe ich \
         Zeit zum Lesen|da sieht man unterwegs etwas}. {Brauche ich gute Schuhe?|Kommt man zu Fuß überall hin?}",
        "{Ja, gute Schuhe unbedingt|Zu Fuß auf jeden Fall}, {die Straßen gehen auf und ab|das Schönste sieht man, wenn \
         man sich verläuft}. {Und nimm eine leichte Jacke mit|Und pack etwas gegen den Regen ein}, {der Wind kommt vom \
         Wasser|das Wetter ändert sich schnell}.",
        "{Ist eingepackt|Steht auf der Liste}! {Ich schicke dir eine Postkarte|Ich bringe dir eine Kleinigkeit mit}, \
         {falls ich eine schöne finde|als Dankeschön}.",
        "{Da freue ich mich|Wie lieb von dir}! {Viel Freude in <city>|Genieß <city>}, {und erzähl mir danach alles|und \
         grüß mir das Wasser}.",
    ],
};

pub(super) const FAREWELL: Story = Story {
    topic: "Abschied",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "gift",
            rows: &[
                "ein Kochbuch",
                "ein guter Regenschirm",
                "ein kleiner Baum",
                "ein Satz Buntstifte",
                "ein Fotoalbum",
                "eine Picknickdecke",
                "eine Teekanne",
                "ein alter Stadtplan",
                "ein Brettspiel",
            ],
        },
    ],
    subject: "{Abschied von <colleague>|Etwas für <colleague>|Eine Karte für <colleague>|<colleague> geht: eine \
             Idee|<^gift> für <colleague>?}",
    opening: "{Du hast es sicher gehört: <colleague> verlässt uns|Wie du weißt, geht <colleague> bald|Am <day> hat \
             <colleague> den letzten Tag}{.|, nach so vielen Jahren.} {Wir möchten uns richtig verabschieden|Ein paar \
             von uns wollen etwas Kleines machen}, {mit Kuchen und einer Karte|in der Küche, nach dem Mittagessen|am \
             späten Nachmittag}.\n\n{Als Geschenk dachte ich an dies: <gift>|Was hältst du von dieser Idee: \
             <gift>|Jemand hat etwas vorgeschlagen: <gift>}, {das würde passen|so etwas behält man|da musste ich \
             schmunzeln}. {Schreibst du ein paar Zeilen für die Karte|Hast du noch ein schönes Foto von früher|Würdest \
             du ein paar Worte sagen}? {Ihr habt doch so oft zusammengearbeitet.|<^norush>, es sind noch ein paar \
             Tage.|Das würde viel bedeuten.}",
    replies: [
        "{Was für eine schöne Idee|Gut, dass du daran denkst}! {Natürlich mache ich das|Sehr gern}. {<^gift> ist genau \
         das Richtige|<^gift>, das ist ein guter Einfall}, {da steckt ein kleiner Scherz drin|das verstehen alle \
         sofort}. {Bis wann brauchst du meinen Teil?|Wann müsste ich fertig sein?}",
        "{Bis <other> wäre ideal|Am besten bis <other>}. {Zwei Zeilen genügen|Halte es kurz}, {die Karte ist klein|wir \
         sind viele}. {Kannst du am <day> dabei sein|Kommst du am <day>}?",
        "{Ich bin dabei|Das lasse ich mir nicht entgehen}. {Ich bringe einen Kuchen mit, den mit den Birnen|Ich kann \
         Teller mitbringen, davon haben wir nie genug}. {Weiß <colleague> davon?|Ist es eine Überraschung?}",
        "{Es ist eine Überraschung|Bisher hat niemand etwas verraten}, {also behalte es bitte für dich|mal sehen, ob \
         das so bleibt}. {Dein Beitrag ist sehr willkommen|Das wäre wunderbar}.",
        "{Ich schweige wie ein Grab|Von mir erfährt niemand etwas}! {Bis <day>|Wir sehen uns am <day>}, {ich komme \
         etwas früher|ich helfe vorher beim Tischdecken}.",
    ],
};

pub(super) const NEWCOMER: Story = Story {
    topic: "neu im Team",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "field",
            rows: &[
                "das Archiv",
                "die Anfragen der Kunden",
                "das Schulungsprogramm",
                "die Bibliothek",
                "unsere Veranstaltungen",
                "die Übersetzungen",
                "den Empfang",
                "das Datenteam",
            ],
        },
    ],
    subject: "{<colleague> ist neu bei uns|Darf ich vorstellen: <colleague>|Neu im Team: <colleague>|Jemand, den du \
             kennen solltest|<colleague> würde dich gern kennenlernen}",
    opening: "<wish> {<colleague> ist seit diesem Monat bei uns|<colleague> verstärkt seit ein paar Wochen unser \
             Team|Vor Kurzem hat <colleague> bei uns angefangen} {und kümmert sich um <field>|und arbeitet sich gerade \
             in ein neues Thema ein: <field>}. {Es läuft sehr gut|Die ersten Wochen sind schnell vergangen|Wir sind \
             alle froh}, {und die Fragen sind ausgezeichnet|der Wasserkocher hatte noch nie so viel zu tun|und es gibt \
             schon eine Liste mit Ideen}.\n\n{Ich finde, ihr solltet euch kennenlernen|Ihr würdet euch gut \
             verstehen|Du weißt darüber mehr als wir alle}. {Hättest du am <day> eine halbe Stunde|Dürfte <colleague> \
             dich am <day> besuchen|Könnte <colleague> dir am <day> eine Stunde über die Schulter schauen}? {Ein \
             anderer Tag geht auch.|<other> wäre genauso gut.} {Das wäre eine große Hilfe.|Damit wäre uns sehr \
             geholfen.}",
    replies: [
        "{Wie schön|Gute Neuigkeiten|Willkommen, <colleague>}! {Sehr gern|Natürlich}. {<day> passt|Sagen wir <day>}, \
         {ab zehn Uhr|am Vormittag}. {Gibt es ein bestimmtes Thema|Was wäre am nützlichsten}, {oder zeige ich einfach, \
         wie wir arbeiten|oder unterhalten wir uns einfach}?",
        "<^thanks>! {Zeig einfach den Alltag|Unterhaltet euch einfach}, {das bringt am meisten|der Rest kommt von \
         selbst}. {Was hat dir selbst in den ersten Wochen geholfen|Wie hast du es damals gelernt}?",
        "{Ich saß neben einem geduldigen Menschen und habe dreimal dasselbe gefragt|Ich habe alles aufgeschrieben und \
         die Zettel ein Jahr später weggeworfen}. {Ich suche ein paar alte Beispiele heraus|Mir fallen sicher zwei, \
         drei Geschichten ein}, {die sagen mehr als jede Anleitung|so etwas merkt man sich}.",
        "{Das ist perfekt|Du bist genau die richtige Adresse}. {<colleague> ist am <day> um zehn bei dir|Ich habe \
         <colleague> davon erzählt, die Freude ist groß}. {Das nächste Mittagessen geht auf uns.|Dafür schulde ich dir \
         einen Kaffee.}",
        "{Das mache ich gern|Keine Ursache}, {wirklich|mir macht so etwas Spaß}. {Bis <day>|Wir sehen uns am <day>}, \
         {und Grüße ans Team|ich setze schon einmal Wasser auf}.",
    ],
};
