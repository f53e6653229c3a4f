//! Stories of free time: books, weather, garden, sport.

use super::super::{Slot, Story};
use super::COLLEAGUE;

pub(super) const BOOK_TIP: Story = Story {
    topic: "lecture",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "book",
            rows: &[
                "un roman sur un gardien de phare",
                "une histoire des cartes",
                "un livre sur la marche",
                "un petit livre sur les abeilles",
                "un roman policier dans une bibliothèque",
                "la vie d'un horloger",
                "un livre sur les vieux ponts",
                "un recueil de nouvelles",
                "un carnet de voyage dans le Nord",
                "un roman sur trois sœurs",
                "un livre sur les fleuves",
            ],
        },
        Slot {
            names: "share",
            rows: &["le premier tiers", "la moitié", "les cent premières pages", "deux chapitres", "presque tout"],
        },
    ],
    subject: "{Un livre pour toi|Ce que je lis en ce moment|<^book>|Idée de lecture : <book>|De quoi lire}",
    opening: "{En ce moment, je lis <book>|Sur ma table, il y a <book>|<colleague> m'a prêté <book>}, {et j'ai pensé à \
             toi|cela pourrait te plaire|et je voulais t'en parler}. {J'ai déjà lu <share>|J'en connais maintenant \
             <share>}, {en deux soirées|surtout dans le train|bien trop tard le soir}. {C'est calme et drôle à la \
             fois|L'histoire prend son temps, sans jamais ennuyer|Chaque page donne de quoi sourire}.\n\n{En as-tu \
             entendu parler|L'as-tu déjà lu|Est-ce que cela te tente} ? {Et toi, que lis-tu ces jours-ci|Qu'y a-t-il \
             sur ta pile|As-tu quelque chose à me conseiller} ? {Il me faut de quoi lire pour le prochain long \
             week-end.|Ma liste est courte en ce moment.|Je fais confiance à ton goût.}",
    replies: [
        "{Je ne connais pas|Non, jamais entendu parler}, {mais cela me tente beaucoup|mais maintenant j'ai envie de le \
         lire}. {Je suis au milieu d'un livre sur les jardins anciens|Je lis les lettres d'une peintre}, {lentement, \
         dix pages par jour|et je voudrais que cela ne finisse pas}. {Me le prêteras-tu quand tu l'auras fini \
         ?|Comment commence le tien ?}",
        "{Bien sûr|Volontiers}, {il sera pour toi|dès que je l'ai fini}. {Cela commence par une tempête et un chapeau \
         perdu|Cela commence tout doucement, par une lettre}, {et l'on y est tout de suite|et l'on ne peut plus \
         s'arrêter}. {Le tien a l'air bien aussi.|Parle-moi encore du tien.}",
        "{C'est difficile à résumer|Il ne se passe pas grand-chose}, {il s'agit surtout de bien regarder|c'est une \
         affaire de petites choses}. {On pourrait échanger|Échangeons nos livres}, {à la fin du mois|quand on se \
         verra}.",
        "{Va pour l'échange|Oui, faisons cela} ! {<colleague> voudrait en être|On pourrait en prendre l'habitude}, {un \
         tout petit club à trois|un livre par mois, sans devoirs}. <ask>",
        "{J'en suis|Cela me plaît}. {Sans devoirs, c'est ma règle préférée|Trois, c'est un bon nombre}. {À bientôt, le \
         livre sous le bras|Je vais lire un peu plus vite}.",
    ],
};

pub(super) const WEATHER: Story = Story {
    topic: "météo",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "weather/plan/todo",
            rows: &[
                "tant de pluie/une balade dans les collines/marcher dans les collines",
                "du brouillard tous les matins/une sortie en bateau/faire une sortie en bateau",
                "une gelée tardive/un pique-nique/faire un pique-nique",
                "une semaine de soleil/une longue balade à vélo/faire une longue balade à vélo",
                "beaucoup de vent/un après-midi de cerf-volant/lancer un cerf-volant sur la plage",
                "enfin une soirée douce/une soirée grillades/faire des grillades",
                "de l'orage tous les après-midi/une baignade au lac/aller nager dans le lac",
                "la première neige/une descente en luge/faire de la luge",
                "des nuits si claires/une nuit sous les étoiles/regarder les étoiles",
            ],
        },
    ],
    subject: "{<^weather>|Le temps qu'il fait|<^weather>, ici|Quel temps chez vous ?|<^plan>, si le temps le veut}",
    opening: "{Nous avons eu <weather>|Ici, il y a eu <weather>|Cette semaine, nous avons eu <weather>}, {et l'on ne \
             parle plus que de cela|ce qui est rare en cette saison|et toute la rue est dehors pour regarder}. {Et de \
             ton côté|Est-ce pareil chez toi|À quoi ressemble le ciel chez toi} ?\n\n{Ce week-end, nous voulions \
             <todo>|En principe, nous devions <todo>|<colleague> a promis aux enfants une surprise : <todo>}, {et je \
             regarde les prévisions deux fois par jour|alors croise les doigts|et tout dépend maintenant des nuages}. \
             {La météo dit peut-être, comme toujours.|Mon voisin se fie aux hirondelles.|J'ai cessé de croire aux \
             prévisions.} {Avez-vous des projets|Et toi, que fais-tu|Quelque chose de prévu chez vous} ?",
    replies: [
        "{Ici, c'est tout le contraire|C'est à peu près pareil ici}, {et je ne m'en plains pas|alors tout le monde est \
         à la cuisine}. {Nous n'avons pas de grands projets|Nous restons à la maison}, {un long petit déjeuner et un \
         livre|un peu de cuisine et un vieux film}. {<^plan>, cela fait envie, pourtant|Mais <plan>, ce serait bien \
         aussi}. {Où iriez-vous ?|Connais-tu un bon endroit ?}",
        "{Il y a un endroit à une demi-heure d'ici|Pas loin, il y a un coin au bord de l'eau}, {presque personne ne le \
         connaît|avec un vieux banc sous un arbre}. {Il faut que tu viennes un jour.|La prochaine fois, viens avec \
         nous.}",
        "{Avec grand plaisir|Très volontiers} ! {Fais-moi signe quand vous partez|Préviens-moi un jour ou deux avant}, \
         {j'apporterai de quoi manger|j'ai un grand thermos}.",
        "{C'est entendu|D'accord}. {Au fait, cela a marché|Finalement, nous avons eu de la chance} : {les nuages sont \
         partis au bon moment|deux heures de beau temps, et cela a suffi}.",
        "{Voilà qui fait plaisir|Comme c'est bien} ! {Deux heures comme cela, et la semaine est réussie|Il n'en faut \
         pas plus}. {La prochaine fois, j'en suis.|Vivement la prochaine fois.}",
    ],
};

pub(super) const GARDEN: Story = Story {
    topic: "jardin",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "plant/of",
            rows: &[
                "les tomates/des tomates",
                "les rosiers/des rosiers",
                "les haricots/des haricots",
                "les fraisiers/des fraisiers",
                "les herbes aromatiques/des herbes aromatiques",
                "les tournesols/des tournesols",
                "les potirons/des potirons",
                "les framboisiers/des framboisiers",
                "les courgettes/des courgettes",
            ],
        },
        Slot {
            names: "trouble",
            rows: &[
                "les limaces sont passées avant nous",
                "les feuilles jaunissent",
                "tout pousse dans tous les sens",
                "les oiseaux sont plus rapides que nous",
                "il a fait trop sec pendant des semaines",
                "presque rien ne pousse",
            ],
        },
    ],
    subject: "{<^plant>|Des nouvelles du jardin|Une question de jardinage|<^plant> et moi|Comment va ton jardin ?}",
    opening: "{C'est toi qui as la main verte|Tu t'y connais en jardins|J'ai une question de jardinage pour toi}{.|, \
             alors je t'écris.} {Cette année, nous avons tenté notre chance avec <plant>|Nous avons mis beaucoup de \
             soin à planter <plant>|<colleague> et moi, nous nous occupons <of> cette année}, mais <trouble>{.|, \
             {hélas|à ce qu'il semble|j'en ai peur}.} {Les livres disent beaucoup de choses, et chacun la sienne|Les \
             voisins haussent les épaules en souriant|Nous avons essayé la patience jusqu'ici}.\n\n{Que \
             ferais-tu|Est-ce que cela te dit quelque chose|As-tu une astuce} ? {Plus d'eau|Moins d'eau|Un autre \
             coin}, ou {simplement attendre|recommencer l'an prochain|demander quelques plants aux voisins} ? {Et ton \
             jardin, comment va-t-il|Qu'est-ce qui fleurit chez toi} ? {Dans mon souvenir, c'était un \
             tableau.|J'aimerais bien le revoir.}",
    replies: [
        "{Oh, je connais cela|Nous l'avons eu aussi}. {J'arrose tôt le matin, et seulement deux fois par semaine|Je \
         mets un peu de paille et je laisse faire}, {c'est ce qui a le mieux marché|et au bout d'un moment cela va \
         mieux}. {Mon jardin est plutôt sauvage cette année|Chez nous, tout fleurit en même temps}. {Est-ce que le \
         coin est ensoleillé ?|Combien de soleil y a-t-il ?}",
        "{Du soleil jusqu'à midi, ensuite la maison fait de l'ombre|Pas mal de soleil, du petit déjeuner jusqu'au \
         goûter}. {Je vais essayer ta méthode|Va pour la paille et le petit matin}, {cela ne coûte rien d'essayer|je \
         me lève tôt de toute façon}. {Un jardin sauvage, c'est beau aussi.|Les jardins sauvages sont les meilleurs.}",
        "{Les abeilles sont de ton avis|Le hérisson pense comme toi}. {Une demi-journée de soleil suffit|C'est assez \
         de soleil}, {donne-leur encore deux semaines|un peu de patience}. {Je pourrais te donner quelques jeunes \
         plants|J'ai quelques plants en trop}, si tu veux.",
        "{C'est très gentil|Oh oui, volontiers} ! {Cela va déjà mieux, je crois|Un peu de vert est apparu}, {ou bien \
         je commence seulement à espérer|ton conseil marche donc}. {Je t'offre de la rhubarbe en échange.|Nous avons \
         de la menthe à ne savoir qu'en faire.}",
        "{L'échange est équitable|Je ne dis jamais non à cela} ! {Passe quand tu veux|Je poserai le tout près du \
         portail}, {et attention au hérisson|dans une caisse, cela voyage bien}.",
    ],
};

pub(super) const SPORT: Story = Story {
    topic: "sport",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "to/what",
            rows: &[
                "à la course du parc/la course du parc",
                "à l'aviron/l'aviron",
                "au tennis de table/le tennis de table",
                "au club de vélo/le club de vélo",
                "à la salle d'escalade/l'escalade",
                "au volley/le volley",
                "au badminton/le badminton",
                "à la piscine/la piscine",
                "au cours de danse/le cours de danse",
            ],
        },
        Slot {
            names: "when",
            rows: &["une fois par semaine", "une semaine sur deux", "le dimanche", "après le travail", "tôt le matin"],
        },
    ],
    subject: "{<^what>|Tu viens <to> avec nous ?|<^what> : tu en es ?|Un peu de mouvement|Retour au sport}",
    opening: "{Après une longue pause, je retourne <to>|<colleague> m'a fait venir <to>|Depuis peu, je vais <to>}, \
             <when>{.|, {crois-le ou non|et cela me plaît|plus ou moins régulièrement}.} {Tout le monde allait plus \
             vite que moi|C'était mieux que prévu|J'avais oublié à quel point c'est amusant}, et {personne n'y a \
             trouvé à redire|tout le monde était très accueillant|on a beaucoup ri}. {Après, il y a du thé et des \
             tartines|Le meilleur, c'est la discussion d'après|Quand il fait beau, on reste un moment}.\n\n{N'en as-tu \
             pas fait pendant des années|Je me rappelle que tu te débrouillais bien, non|Tu en faisais bien autrefois} \
             ? {As-tu envie de venir|Veux-tu que je t'inscrive|En fais-tu encore} ? {On peut simplement essayer une \
             fois.|Il reste deux places.|C'est aussi pour qui débute.}",
    replies: [
        "{C'est loin, tout cela|C'était le bon temps} ! {Je n'en ai pas fait depuis des années|Mes chaussures doivent \
         être quelque part à la cave}, {mais tu me donnes envie|mais pourquoi pas}. {Les autres ont quel niveau|C'est \
         très sérieux} ? {Je ne voudrais retarder personne.|Je manque vraiment d'entraînement.}",
        "{Pas sérieux du tout|Très détendu}. {La moitié vient pour le thé|<colleague> compte les points, et personne \
         ne les demande}. {Tu seras en bonne compagnie|Tu iras plus vite que moi}, {crois-moi|c'est une certitude}. \
         {Viens voir une fois.|Essaie, tout simplement.}",
        "{Bon, tu as gagné|D'accord, je viens} ! {J'ai retrouvé les chaussures|Les chaussures me vont encore}, {à ma \
         grande surprise|c'est bon signe}. {Où faut-il aller ?|Y a-t-il un vestiaire ?}",
        "{Formidable|Quelle bonne nouvelle} ! {Je passe te prendre|On se retrouve au portail}, {comme cela tu n'auras \
         pas à chercher|la première fois, c'est difficile à trouver}. {Prends une serviette et un peu d'eau.|Tu n'as \
         besoin que des chaussures.}",
        "{Bien|Merci}, {je serai à l'heure|je m'en réjouis}. {Et si je marche encore le lendemain, je reviendrai|Et le \
         thé est pour moi la première fois}.",
    ],
};
