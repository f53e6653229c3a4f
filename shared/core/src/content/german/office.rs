//! Stories of office life: calls, notes, rooms, drafts, courses.

use super::super::{Slot, Story};
use super::{COLLEAGUE, DAYS};

pub(super) const CALL: Story = Story {
    topic: "Telefonat",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "time/later",
            rows: &[
                "9 Uhr/11 Uhr",
                "10 Uhr/14 Uhr",
                "halb elf/15 Uhr",
                "11 Uhr/14 Uhr",
                "14 Uhr/16 Uhr",
                "15 Uhr/10 Uhr",
            ],
        },
        Slot {
            names: "matter",
            rows: &[
                "den Frühjahrsplan",
                "die Übergabeliste",
                "den neuen Leitfaden",
                "den Kalender fürs nächste Quartal",
                "die Agenda für den Workshop",
                "unser gemeinsames Projekt",
                "den nächsten Rundbrief",
                "die Fragen für die Umfrage",
                "den Besuch im Herbst",
                "den aktuellen Zeitplan",
                "den Teamtag",
                "die nächsten Schritte",
            ],
        },
    ],
    subject: "{Kurzes Telefonat am <day>?|Telefonat über <matter>|Ein Anruf am <day>|Hast du am <day> kurz Zeit?|Kurz \
             über <matter> sprechen?}",
    opening: "<wish> {Ich würde gern|Können wir demnächst|Lass uns doch} {in Ruhe|kurz|noch einmal} über <matter> \
             sprechen{.|, bevor die Woche voll wird.|, {eine halbe Stunde|zwanzig Minuten} {reicht|sollte reichen}, \
             denke ich.}\n\n{Passt dir <day> um <time>|Hättest du am <day> um <time> Zeit|Wie wäre es am <day> um \
             <time>}? {Wenn nicht, ginge bei mir auch <other> gegen <later>.|Sonst hätte ich am <other> noch \
             {viel|etwas} Luft.} {Ich schicke dir gern eine Einladung.|Ich richte mich nach deinem Kalender.|Nimm \
             einfach, was dir besser passt.}",
    replies: [
        "<^thanks> für {deine Nachricht|den Vorschlag}! {<day> um <time> passt gut|Nehmen wir <day> um <time>}{.|, ich \
         habe mir die Zeit freigehalten.}\n\n{Soll ich vorher etwas vorbereiten?|Soll ich <colleague> dazuholen, oder \
         bleiben wir zu zweit?|Magst du mir vorab zwei, drei Stichpunkte schicken?}",
        "{Wunderbar|Sehr gut|Prima}, dann <day>. {Vorbereiten musst du nichts|Du brauchst nichts vorzubereiten}: \
         {Offen sind vor allem die Reihenfolge und die Frage, wer was übernimmt|Ich würde zuerst die Termine klären \
         und dann den Kleinkram|Ich habe drei Punkte, und alle sind kurz}. {Bring <colleague> gern mit.|Wenn \
         <colleague> Zeit hat, umso besser.}",
        "{Klingt gut|Guter Plan|Das hilft mir}. {Ich habe mir schon ein paar Notizen gemacht|Ich bin meine Notizen \
         noch einmal durchgegangen}, {nur bei zwei Punkten bin ich mir unsicher|das meiste ist recht klar}. {Ich sage \
         <colleague> Bescheid.|<colleague> wäre am Anfang gern dabei.}",
        "{Sehr gut|Perfekt}, <thanks>. {Dann fangen wir mit deinen zwei Punkten an|Wir beginnen am besten mit deinen \
         Fragen} {und sehen, wie weit wir kommen|und besprechen danach den Rest}. {Die Einladung ist unterwegs.|Die \
         Einladung müsste schon in deinem Kalender stehen.}",
        "{Ist angekommen|Steht im Kalender}, <thanks>. {Ich freue mich|Wir hören uns am <day>|Bis <day>}{!|.}",
    ],
};

pub(super) const NOTES: Story = Story {
    topic: "Protokoll",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "meeting",
            rows: &[
                "unserer Planungsrunde",
                "dem Auftakttreffen",
                "der Wochenrunde",
                "dem Workshop",
                "unserem letzten Gespräch",
                "der Teamsitzung",
                "dem Rückblick",
                "der Ideenrunde",
            ],
        },
        Slot {
            names: "step",
            rows: &[
                "sammelt die offenen Fragen",
                "sortiert die Aufgabenliste",
                "skizziert einen ersten Zeitplan",
                "schreibt eine Zusammenfassung auf einer Seite",
                "zeichnet den neuen Ablauf auf",
                "klärt, wer dabei sein muss",
                "spricht mit dem anderen Team",
            ],
        },
    ],
    subject: "{Notizen aus <meeting>|Was wir besprochen haben|Notizen vom letzten Mal|Ein paar Punkte aus \
             <meeting>|Unsere nächsten Schritte}",
    opening: "<^thanks> für {deine Zeit|die gute Runde|das gute Gespräch}! {Hier sind meine Notizen aus <meeting>|Das \
             habe ich aus <meeting> mitgenommen|Damit nichts verloren geht, hier das Wichtigste aus <meeting>}:\n\n- \
             {wir bleiben beim jetzigen Plan|der Plan bleibt, wie er ist}{|, jedenfalls vorerst|, zumindest bis \
             Monatsende}\n- <colleague> <step>\n- {am <day> treffen wir uns wieder|die nächste Runde ist am <day>|am \
             <day> sehen wir uns das Ergebnis an}\n\n{Habe ich etwas vergessen|Fehlt etwas|Stimmt das so}? {Korrigiere \
             mich gern, wo ich danebenliege.|Ergänze gern, was dir noch einfällt.|Ein kurzes Ja genügt, wenn es \
             passt.}",
    replies: [
        "<^thanks> {fürs Aufschreiben|für die Zusammenfassung}, {so habe ich es auch in Erinnerung|das deckt sich mit \
         meinen Notizen}. {Eine Kleinigkeit noch|Eine Ergänzung}: {Wir wollten <colleague> bei der Aufgabe \
         unterstützen|Wir wollten auch das andere Team nach seiner Sicht fragen}. {Nimmst du das noch auf?|Magst du \
         das ergänzen?}",
        "{Guter Hinweis|Stimmt|Du hast recht}, das {hatte ich vergessen|ist mir durchgerutscht}. {Es steht jetzt \
         drin|Ist ergänzt}. {Fragst du das andere Team|Möchtest du das übernehmen}, oder {macht das besser \
         <colleague>|warten wir damit bis <day>}?",
        "{Das mache ich gern|Ich kümmere mich darum}. {Beim Mittagessen sehe ich sowieso zwei von ihnen|Das ist mit \
         einer kurzen Nachricht erledigt}, {dann wissen wir es vor <day>|und wir haben rechtzeitig eine Antwort}.",
        "{Prima|Sehr nett}, <thanks>. {Ich habe deinen Namen dazugeschrieben|Ich habe es notiert}. {Melde dich \
         einfach, wenn etwas dazwischenkommt|Sag mir, falls ihnen noch etwas einfällt}.",
        "{Erledigt|Alles geklärt}: {Der Plan gefällt ihnen, nur beim Zeitpunkt hatten sie einen kleinen Wunsch|Sie \
         sind einverstanden und kommen am <day> dazu}. {Dann bis <day>.|Wir sehen uns am <day>.}",
    ],
};

pub(super) const MOVE: Story = Story {
    topic: "Umzug",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "place",
            rows: &[
                "in den dritten Stock",
                "in das neue Gebäude",
                "in die alte Bibliothek",
                "in die Räume am Fluss",
                "auf die Südseite",
                "in das Eckbüro",
                "ins Haus nebenan",
                "in den zweiten Stock",
            ],
        },
        Slot {
            names: "thing",
            rows: &[
                "die große Pflanze",
                "der große Tisch",
                "die Kaffeemaschine",
                "die alte Tafel",
                "das Bücherregal",
                "die alte Lampe",
                "der Kühlschrank",
                "das Sofa",
            ],
        },
    ],
    subject: "{Unser Umzug am <day>|Umzug: ein paar Fragen|Bald ziehen wir um|Umzug <place>|Wohin mit den Sachen?}",
    opening: "<wish> {Wie du weißt, ziehen wir|Du hast es sicher gehört: Wir ziehen|Nun steht es fest, wir ziehen} am \
             <day> <place>{.|, {endlich|wenn alles klappt}.} {Die meisten Kisten sind schon gepackt|Gepackt ist noch \
             fast nichts|<colleague> hat eine lange Liste gemacht}, {und trotzdem finde ich nichts mehr|aber das wird \
             schon|und langsam freue ich mich darauf}.\n\n{Eine Frage ist noch offen|Nur eines wissen wir nicht}: \
             {Kommt <thing> mit|Was wird aus <thing>}? {Oder braucht ihr so etwas gerade selbst|Oder hättet ihr dafür \
             Verwendung}? {<^norush>.|<ask>|Du kennst dich mit so etwas ja aus.}",
    replies: [
        "{Das ging ja schnell|Wie schön für euch}! {<^thing> würde gut zu euch passen|Ich würde erst einmal alles \
         mitnehmen}, {wegwerfen könnt ihr später immer noch|Platz findet sich meistens}. {Wie groß sind die neuen \
         Räume?|Habt ihr dort mehr Licht?}",
        "{Etwas größer als jetzt|Ungefähr so groß wie jetzt}, {dafür viel heller|aber mit besserer Aussicht}. \
         {Vormittags scheint die Sonne herein|Vom Fenster sieht man die Bäume}. {Komm uns gern besuchen.|Du musst dir \
         das einmal ansehen.}",
        "{Das mache ich gern|Sehr gern}, {sobald die Kisten weg sind|wenn ihr euch eingerichtet habt}. {Braucht ihr am \
         <day> noch helfende Hände?|Soll ich am <day> mit anpacken?}",
        "{Das ist lieb von dir|Was für ein Angebot}! {Zwei Stunden am Vormittag wären eine große Hilfe|Beim Regal \
         könnten wir dich gut gebrauchen}. {Für Kaffee und Kuchen ist gesorgt.|<colleague> bringt belegte Brote mit.}",
        "{Abgemacht|Ich bin dabei}, {am <day> ab neun|ich komme am <day> gleich in der Früh}. {Handschuhe bringe ich \
         mit.|Bei Kuchen sage ich nicht Nein.}",
    ],
};

pub(super) const DRAFT: Story = Story {
    topic: "Entwurf",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "text/it",
            rows: &[
                "die Einladung zum Teamtag/sie",
                "den Text für die Startseite/ihn",
                "die Rede zum Jubiläum/sie",
                "den Bericht für das Quartal/ihn",
                "die Stellenanzeige/sie",
                "den Beitrag für den Rundbrief/ihn",
                "die Anleitung für neue Leute/sie",
                "den Aushang fürs schwarze Brett/ihn",
            ],
        },
    ],
    subject: "{Ein zweiter Blick von dir?|Entwurf: deine Meinung?|Magst du etwas gegenlesen?|Ein Text, an dem ich \
             hänge|Kurze Bitte zu einem Text}",
    opening: "<wish> Ich schreibe gerade <text>{ und komme nicht weiter| und bin fast fertig|, zusammen mit \
             <colleague>}. {Der Anfang gefällt mir|Die Mitte ist in Ordnung}, {aber der Schluss klingt noch steif|nur \
             der Ton stimmt noch nicht ganz|aber das Ganze ist zu lang}.\n\n{Würdest du <it> bis <day> einmal \
             lesen|Hättest du bis <day> Zeit für einen Blick darauf|Darf ich dich bis <day> um deine Meinung bitten}? \
             {Kürzen darfst du, wie du willst.|Mir geht es vor allem um den Schluss.|<^norush>, <other> ginge auch \
             noch.} {Du hast ein gutes Ohr für so etwas.|Zehn Minuten reichen völlig.}",
    replies: [
        "{Klar, gern|Das mache ich gern}! {Schick mir einfach, was du hast|Schick ruhig alles}, {ich sehe es mir heute \
         Abend an|ich habe morgen Vormittag etwas Luft}. {Für wen ist der Text gedacht?|Wie lang darf das Ganze \
         werden?}",
        "<^thanks>! {Gedacht ist der Text für alle im Haus|Lesen sollen ihn auch Leute, die uns kaum kennen}, {eine \
         Seite ist die Grenze|mehr als eine halbe Seite liest ohnehin niemand}. {Sei ruhig streng.|Streich, was dich \
         langweilt.}",
        "{Ich habe alles gelesen|So, ich bin durch}. {Der Anfang ist stark|Mir gefällt der Text besser als dir}, {den \
         zweiten Absatz würde ich weglassen|nur die langen Sätze würde ich teilen}. {Am Schluss fehlt mir ein Satz, \
         der zum Anfang zurückführt.|Der letzte Satz darf gern freundlicher sein.}",
        "{Das hilft mir sehr|Genau das hat gefehlt}! {Ohne den zweiten Absatz liest es sich viel leichter|Mit kürzeren \
         Sätzen klingt es gleich anders}. {<colleague> findet das auch.|Jetzt mag ich den Text sogar.}",
        "{Das freut mich|Schön}! {Dann raus damit|Dann ist der Text fertig, würde ich sagen}, {besser wird er nicht \
         mehr|und du hast den Kopf wieder frei}. {Beim nächsten Mal bist du dran mit Lesen.|Bis <day>!}",
    ],
};

pub(super) const TRAINING: Story = Story {
    topic: "Schulung",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "course",
            rows: &[
                "einen Kurs über gutes Präsentieren",
                "einen Workshop zum Moderieren",
                "einen Schreibkurs",
                "einen Kurs für Tabellen",
                "ein Seminar über Zeitplanung",
                "einen Zeichenkurs für Sitzungen",
                "ein Seminar über gute Gespräche",
                "einen Kurs in Projektarbeit",
            ],
        },
    ],
    subject: "{Ein Kurs, der dir gefallen könnte|Kommst du mit zum Kurs?|Kurs am <day>|Zusammen etwas lernen?|Hast du \
             am <day> etwas vor?}",
    opening: "{Am <day> gibt es bei uns|Für den <day> haben wir|<colleague> organisiert am <day>} <course>{.|, {den \
             ganzen Vormittag|drei Stunden lang}.} {Die Gruppe ist klein|Es sind nur acht Leute}, {und es wird viel \
             ausprobiert|und niemand muss etwas vortragen}. {Letztes Jahr war ich begeistert|<colleague> schwärmt noch \
             vom letzten Mal|Ich habe viel Gutes darüber gehört}.\n\n{Hättest du Lust mitzukommen|Wäre das etwas für \
             dich|Soll ich dir einen Platz freihalten}? {Bis <other> müsste ich es wissen.|Ein Platz ist noch \
             frei.|Danach könnten wir zusammen essen gehen.}",
    replies: [
        "{Das klingt gut|So etwas suche ich schon lange}! {Am <day> habe ich Zeit|Den <day> kann ich mir freihalten}. \
         {Muss man etwas können|Brauche ich Vorkenntnisse}, oder {ist es für alle|fängt man ganz von vorn an}?",
        "{Es fängt ganz von vorn an|Vorkenntnisse brauchst du nicht}. {Bring nur etwas zum Schreiben mit|Nimm ein \
         Beispiel aus deinem Alltag mit}, {den Rest gibt es vor Ort|mehr ist nicht nötig}. {Ich trage dich ein.|Dein \
         Name steht auf der Liste.}",
        "{Prima, danke|Danke fürs Eintragen}! {Ein Beispiel habe ich schon im Kopf|An Beispielen fehlt es mir nicht}, \
         {es ist ein bisschen peinlich, aber lehrreich|mal sehen, was daraus wird}. {Wo treffen wir uns?|In welchem \
         Raum ist es?}",
        "{Im großen Raum im Erdgeschoss|Im hellen Raum neben der Küche}, {kurz vor neun|um neun geht es los}. {Kaffee \
         gibt es vorher|Wer früh kommt, bekommt den Platz am Fenster}.",
        "{Dann komme ich früh|Den Platz am Fenster nehme ich}! {Bis <day>|Wir sehen uns am <day>}. {Ich bin \
         gespannt.|Ich freue mich darauf.}",
    ],
};
