//! Stories between people: thanks, events, lunch, travel, farewells, newcomers.

use super::super::{Slot, Story};
use super::{COLLEAGUE, DAYS};

pub(super) const THANKS: Story = Story {
    topic: "remerciements",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "help",
            rows: &[
                "pour la préparation",
                "pour la passation",
                "avec cette longue liste",
                "pour le rangement",
                "pendant la visite des locaux",
                "avec nos invités",
                "pour la traduction",
                "pour trouver une salle",
                "avec le planning",
            ],
        },
    ],
    subject: "{Merci pour ton aide|Un grand merci|Merci pour <day>|Ton aide a tout changé|Encore merci}",
    opening: "{Je voulais te remercier encore une fois|Je ne l'ai pas assez dit <day> : merci|Un mot de remerciement \
             que j'ai oublié <day>}{.|, cette fois à tête reposée.} {Sans toi|Sans ton aide <help>}, {nous n'y serions \
             pas arrivés|nous y serions encore|la journée se serait passée autrement}. {<colleague> a le sourire \
             depuis|Tout le monde a demandé qui c'était|Tout s'est finalement mieux passé que prévu}.\n\n{As-tu fait \
             bonne route|Le retour s'est bien passé|As-tu pu te reposer ensuite} ? {Si un jour tu as besoin \
             d'aide|Quand ce sera ton tour}, {dis-le simplement|fais-nous signe|nous serons là}. {Le prochain café est \
             pour moi.|Nous ne l'oublierons pas.}",
    replies: [
        "{C'était avec plaisir|Ce n'est rien}, {c'était même amusant|il n'y avait pas tant à faire}. {Le retour était \
         calme|J'ai vite retrouvé la maison}, {avec un bon livre|et il faisait encore jour}. {Et chez vous, quelle est \
         la suite ?|<colleague> a pu souffler ?}",
        "{C'est plus calme maintenant|Le calme revient peu à peu}, {et nous notons ce qui a bien marché|et nous \
         rangeons les dernières affaires}. {Pourrons-nous te solliciter la prochaine fois ?|Vois-tu quelque chose que \
         nous pourrions mieux faire ?}",
        "{Quand vous voulez|Toujours avec plaisir}. {La prochaine fois, je commencerais plus tôt|Il faudrait peut-être \
         quelqu'un de plus à l'entrée}, {pour le reste, tout était bien|je ne vois rien d'autre}.",
        "{Bonne idée|Nous le retenons}, <thanks>. {<colleague> l'a tout de suite noté|C'est déjà sur notre liste}. {Et \
         il reste ce café.|Es-tu libre <other> pour ce café ?}",
        "{Volontiers|Je l'accepte avec plaisir} ! {<^other> après le déjeuner, ce serait bien|Je serai justement près \
         de chez vous <other>}. {À bientôt !|Je m'en réjouis.}",
    ],
};

pub(super) const EVENT: Story = Story {
    topic: "événement",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "event/to",
            rows: &[
                "la rencontre de printemps/à la rencontre de printemps",
                "la journée portes ouvertes/à la journée portes ouvertes",
                "la fête d'été/à la fête d'été",
                "le salon du livre/au salon du livre",
                "la nuit des musées/à la nuit des musées",
                "la fête de quartier/à la fête de quartier",
                "le colloque régional/au colloque régional",
                "la soirée design/à la soirée design",
                "le petit déjeuner des voisins/au petit déjeuner des voisins",
            ],
        },
    ],
    subject: "{<^event>|Tu vas <to> ?|<^event>, c'est <day>|On va ensemble <to> ?|On se voit <day> ?}",
    opening: "{Est-ce que tu vas <to>|As-tu vu que <event> approche|As-tu aussi reçu l'invitation <to>} ? {C'est \
             <day>|Cette fois, tout a lieu <day>|La date est maintenant fixée à <day>}, {et le programme a l'air \
             {bien|intéressant|meilleur que l'an dernier}|et plusieurs d'entre nous y vont|et j'en ai entendu beaucoup \
             de bien}.\n\n{{Nous y allons, <colleague> et moi|J'y vais avec <colleague>}, {vers six heures|un peu \
             avant le début|pour deux heures au moins}|<colleague> a fini par me convaincre, et maintenant je m'en \
             réjouis}. {Veux-tu te joindre à nous|On se retrouve à l'entrée|Est-ce que tu viens} ? {Ce serait agréable \
             de te voir là-bas.|On pourrait manger un morceau avant.|Ensuite, on pourrait s'asseoir quelque part au \
             calme.}",
    replies: [
        "{Quelle bonne idée|J'avais failli oublier|C'était déjà dans mon agenda} ! {Je viens volontiers|Compte sur \
         moi}. {J'ai juste quelque chose à déplacer <day>|Je peux être là un peu après six heures}. {Faut-il \
         s'inscrire|Y a-t-il une liste}, ou {suffit-il de venir|est-ce ouvert à tout le monde} ?",
        "{Il suffit de venir|C'est ouvert à tout le monde|Il n'y a pas de liste}, {pour autant que je sache|c'était \
         écrit sur l'invitation}. {On se retrouve à l'entrée principale|<colleague> attendra sous la grande horloge}, \
         {donc prends ton temps|et nous t'attendrons}. {Y a-t-il une chose que tu ne veux pas manquer ?|Qu'as-tu envie \
         de voir ?}",
        "{La conférence de sept heures|Les courts métrages}, {je crois|s'il faut choisir}. {Et tout ce qui est en \
         musique|Et le buffet, à vrai dire}. {On peut venir à deux ?|Quelqu'un peut-il m'accompagner ?}",
        "{Bien sûr|Avec plaisir|Plus on est de fous, plus on rit}. {Nous serons donc quatre|Cela fait quatre}, {juste \
         ce qu'il faut pour une table|un bon nombre}. {Je cherche un endroit tout près.|On verra bien où la soirée \
         nous mène.}",
        "{Formidable|Parfait} ! {À <day>, alors|On se voit <day>}. {Je m'en réjouis.|Ce sera une belle soirée.}",
    ],
};

pub(super) const LUNCH: Story = Story {
    topic: "déjeuner",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "place/to",
            rows: &[
                "le bar à nouilles près de la gare/au bar à nouilles près de la gare",
                "le petit restaurant italien/au petit restaurant italien",
                "la cantine du parc/à la cantine du parc",
                "la boulangerie du coin/à la boulangerie du coin",
                "le café du jardin/au café du jardin",
                "le bistrot du canal/au bistrot du canal",
                "les halles/aux halles",
                "le restaurant coréen du pont/au restaurant coréen du pont",
            ],
        },
    ],
    subject: "{On déjeune <day> ?|Un déjeuner ensemble ?|Et si on allait <to> ?|<^place>|Du temps pour déjeuner ?}",
    opening: "{Cela fait bien trop longtemps|Nous n'avons pas déjeuné ensemble depuis une éternité|Je regardais \
             justement mon agenda}. {Que dirais-tu de déjeuner <day>|As-tu le temps de déjeuner <day>|On déjeune \
             ensemble <day>}{ ?|, vers {midi|midi et demi|une heure} ?} {On pourrait aller <to>|Je pensais à un \
             endroit : <place>|<colleague> aime bien aller <to>}, {la carte a changé|c'est plutôt calme à midi|on peut \
             manger dehors}.\n\n{J'aimerais savoir ce que tu deviens|J'ai quelques nouvelles, rien de dramatique|Nous \
             avons beaucoup à nous raconter}. {Si <day> ne va pas, <other> est possible aussi.|<^other> irait aussi.} \
             {<colleague> sera peut-être des nôtres.|On peut aussi y aller à deux.|Viens avec de l'appétit.}",
    replies: [
        "{Bonne idée|Oui, faisons cela|J'allais te le proposer} ! {<^day>, ça me va|<^day>, c'est possible}, {j'ai du \
         travail jusqu'à midi|et je n'ai rien juste après}. {Je n'y ai jamais mangé|J'y ai mangé une fois, c'était \
         bon}. {Faut-il réserver|Prennent-ils les réservations}, ou {trouve-t-on toujours une table|suffit-il de se \
         présenter} ?",
        "{Je réserve pour nous|J'ai appelé là-bas}, {à mon nom|c'est plus sûr}. {Nous avons une table près de la \
         fenêtre|On nous garde la petite table du fond}. {Y a-t-il quelque chose que tu ne manges pas ?|Tu aimes quand \
         c'est épicé ?}",
        "{Je mange de tout|Tout me va}, {avec beaucoup de légumes si possible|mais pas trop épicé}. {Je passe te \
         prendre|On se retrouve là-bas} ?",
        "{Retrouvons-nous là-bas|On se voit là-bas}, {c'est facile à trouver|c'est juste après le coin de la rue}. {Si \
         tu as de l'avance, installe-toi|J'aurai peut-être cinq minutes de retard}.",
        "{Pas de souci|Aucun problème}. {Je lirai la carte deux fois|J'ai déjà faim}. {À <day> !|On se voit <day>.}",
    ],
};

pub(super) const TRAVEL: Story = Story {
    topic: "voyage",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "city",
            rows: &[
                "Lisbonne",
                "Vienne",
                "Copenhague",
                "Porto",
                "Gand",
                "Ljubljana",
                "Bologne",
                "Helsinki",
                "Dublin",
                "Tallinn",
                "Cracovie",
                "Trieste",
                "Bruges",
                "Montréal",
                "Séville",
            ],
        },
        Slot {
            names: "days",
            rows: &["deux jours", "trois jours", "un long week-end", "presque une semaine", "quatre jours"],
        },
    ],
    subject: "{<city>|Un voyage à <city>|Des conseils pour <city> ?|<^days> à <city>|Tu connais <city>, non ?}",
    opening: "<wish> {Je vais bientôt à <city>|Je serai bientôt à <city>|J'ai un voyage prévu à <city>}, {pour \
             <days>|<days> en tout}{.|, moitié travail, moitié plaisir.} {Tu connais bien la ville|Tu y as passé du \
             temps l'an dernier|<colleague> dit que tu la connais par cœur}, {alors je te demande|et j'ai tout de \
             suite pensé à toi}.\n\n{Où logerais-tu|Quel quartier préfères-tu|Qu'est-ce qu'il ne faut pas manquer}, et \
             {où prend-on un petit déjeuner tranquille|où se promène-t-on le soir|quel musée mérite une matinée} ? \
             {J'aime marcher et il me faut peu de choses.|Un ou deux noms me suffisent.|Je préfère voir peu, mais \
             bien.}",
    replies: [
        "{Quelle chance|Comme je t'envie|Que c'est bien} ! {Loge près de la vieille ville, mais à une rue de la grande \
         place|Je loge toujours un peu à l'extérieur et je prends le tram}. {Monte sur la colline tôt le matin|Marche \
         au bord de l'eau le soir}, {avant l'arrivée de la foule|quand la lumière est douce}. {Tu pars en solo \
         ?|<colleague> vient aussi ?}",
        "{<^thanks>|C'est parfait, merci}, {je m'y vois déjà|c'est exactement ce que je voulais savoir}. {Je pars en \
         solo|<colleague> me rejoint pour une journée}. {Je prends le train|J'irai en train}, {ce qui laisse du temps \
         pour lire|pour voir un peu de paysage}. {Faut-il de bonnes chaussures ?|On peut tout faire à pied ?}",
        "{Oui, de bonnes chaussures|À pied, sans hésiter}, {les rues montent et descendent|c'est en se perdant qu'on \
         voit le plus beau}. {Et prends une veste légère|Et prévois de quoi t'abriter de la pluie}, {le vent vient de \
         l'eau|le temps change vite}.",
        "{C'est dans la valise|C'est sur la liste} ! {Je t'enverrai une carte postale|Je te rapporterai un petit \
         quelque chose}, {si j'en trouve le temps|pour te remercier}.",
        "{Cela me ferait plaisir|Comme c'est gentil} ! {Bon séjour à <city>|Profite bien de <city>}, {et raconte-moi \
         tout au retour|et salue le fleuve de ma part}.",
    ],
};

pub(super) const FAREWELL: Story = Story {
    topic: "départ",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "gift",
            rows: &[
                "un livre de cuisine",
                "un bon parapluie",
                "un petit arbre",
                "une boîte de crayons",
                "un album de photos",
                "une couverture de pique-nique",
                "une théière",
                "un vieux plan de la ville",
                "un jeu de société",
            ],
        },
    ],
    subject: "{Le départ de <colleague>|Quelque chose pour <colleague>|Une carte pour <colleague>|<colleague> nous \
             quitte : une idée|<^gift> pour <colleague> ?}",
    opening: "{Tu l'as sans doute appris : <colleague> nous quitte|Comme tu le sais, <colleague> s'en va bientôt|Le \
             dernier jour de <colleague>, c'est <day>}{.|, après tant d'années.} {Nous voudrions lui dire au revoir \
             comme il se doit|Nous sommes quelques-uns à vouloir marquer le coup}, {avec un gâteau et une carte|dans \
             la cuisine, après le déjeuner|en fin de journée}.\n\n{Comme cadeau, je pensais à ceci : <gift>|Que \
             dirais-tu de cette idée : <gift>|Quelqu'un a proposé une idée : <gift>}, {cela lui irait bien|c'est une \
             chose que l'on garde|cela m'a fait sourire}. {Veux-tu écrire un mot sur la carte|As-tu une belle photo \
             des débuts|Accepterais-tu de dire quelques mots} ? {Vous avez si souvent travaillé ensemble.|<^norush>, \
             il reste quelques jours.|Cela compterait beaucoup.}",
    replies: [
        "{Quelle belle idée|C'est bien d'y avoir pensé} ! {Bien sûr|Avec plaisir}. {<^gift>, c'est parfait|<^gift>, \
         voilà une bonne idée}, {il y a un clin d'œil que tout le monde comprendra|c'est tout à fait son style}. {Il \
         te faut cela pour quand ?|Jusqu'à quand ai-je le temps ?}",
        "{Pour <other>, ce serait idéal|Si possible avant <other>}. {Deux lignes suffisent|Fais court}, {la carte est \
         petite|nous sommes nombreux}. {Peux-tu être là <day>|Tu viens <day>} ?",
        "{Je serai là|Je ne manquerais cela pour rien au monde}. {J'apporte un gâteau, celui aux poires|Je peux \
         apporter des assiettes, on n'en a jamais assez}. {<colleague> est au courant ?|C'est une surprise ?}",
        "{C'est une surprise|Personne n'a rien dit jusqu'ici}, {alors garde-le pour toi|on verra si cela tient}. {Ta \
         contribution est la bienvenue|Ce serait formidable}.",
        "{Je ne dirai rien|Pas un mot} ! {À <day>|On se voit <day>}, {je viendrai un peu en avance|je vous aiderai à \
         mettre la table}.",
    ],
};

pub(super) const NEWCOMER: Story = Story {
    topic: "arrivée",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "field/of",
            rows: &[
                "les archives/des archives",
                "les questions des clients/des questions des clients",
                "le programme de formation/du programme de formation",
                "la bibliothèque/de la bibliothèque",
                "nos événements/de nos événements",
                "les traductions/des traductions",
                "l'accueil/de l'accueil",
                "la documentation/de la documentation",
            ],
        },
    ],
    subject: "{<colleague> nous rejoint|Je te présente <colleague>|Du renfort dans l'équipe : <colleague>|Quelqu'un à \
             rencontrer|<colleague> aimerait te rencontrer}",
    opening: "<wish> {<colleague> nous a rejoints ce mois-ci|<colleague> fait partie de l'équipe depuis \
             peu|<colleague> travaille avec nous depuis quelques semaines} et {s'occupe <of>|découvre un nouveau sujet \
             : <field>}. {Tout se passe très bien|Les premières semaines ont filé|Nous en sommes tous ravis}, {et les \
             questions sont excellentes|la bouilloire n'a jamais autant servi|et il y a déjà une liste \
             d'idées}.\n\n{Je crois que vous devriez vous rencontrer|Vous vous entendriez bien|Tu en sais plus que \
             nous tous sur le sujet}. {Aurais-tu une demi-heure <day>|Est-ce que <colleague> pourrait passer te voir \
             <day>|Est-ce que <colleague> pourrait t'accompagner une heure <day>} ? {Un autre jour irait \
             aussi.|<^other> conviendrait tout aussi bien.} {Ce serait une grande aide.|Cela nous aiderait beaucoup.}",
    replies: [
        "{Quelle bonne nouvelle|Comme c'est bien|Bienvenue à <colleague>} ! {Avec plaisir|Bien sûr}. {<^day>, ça me \
         va|Disons <day>}, {à partir de dix heures|le matin}. {Y a-t-il un sujet précis|Qu'est-ce qui serait le plus \
         utile}, {ou bien je montre simplement comment nous faisons|ou parlons-nous simplement} ?",
        "<^thanks> ! {Montre simplement le quotidien|Parlez simplement}, {c'est ce qui sert le plus|le reste vient \
         tout seul}. {Qu'est-ce qui t'a aidé, toi, au début|Comment as-tu appris, à l'époque} ?",
        "{J'avais pour voisin quelqu'un de patient, et j'ai posé trois fois la même question|J'écrivais tout, et j'ai \
         jeté les notes un an plus tard}. {Je vais chercher quelques vieux exemples|Je trouverai bien deux ou trois \
         histoires}, {cela parle plus qu'un manuel|on les retient mieux}.",
        "{C'est parfait|Tu es la bonne personne}. {<colleague> sera là <day> à dix heures|J'en ai parlé à <colleague>, \
         qui s'en réjouit}. {Le prochain déjeuner est pour nous.|Je te dois un café.}",
        "{C'est un plaisir|Il n'y a pas de quoi}, {vraiment|j'aime bien cela}. {À <day>|On se voit <day>}, {et bonjour \
         à l'équipe|je mets l'eau à chauffer}.",
    ],
};
