//! Stories of office life: calls, notes, rooms, drafts, courses.

use super::super::{Slot, Story};
use super::{COLLEAGUE, DAYS};

pub(super) const CALL: Story = Story {
    topic: "appel",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "time/later",
            rows: &["9 h/11 h", "10 h/14 h", "10 h 30/15 h", "11 h/16 h", "14 h/10 h", "15 h/9 h 30"],
        },
        Slot {
            names: "matter/of",
            rows: &[
                "le programme du printemps/du programme du printemps",
                "la liste de passation/de la liste de passation",
                "le nouveau guide d'accueil/du nouveau guide d'accueil",
                "le calendrier du prochain trimestre/du calendrier du prochain trimestre",
                "le déroulé de l'atelier/du déroulé de l'atelier",
                "notre projet commun/de notre projet commun",
                "la prochaine lettre interne/de la prochaine lettre interne",
                "les questions du sondage/des questions du sondage",
                "la visite de cet automne/de la visite de cet automne",
                "le nouveau planning/du nouveau planning",
                "la journée d'équipe/de la journée d'équipe",
                "la suite du projet/de la suite du projet",
            ],
        },
    ],
    subject: "{Un appel <day> ?|<^matter> : on en parle ?|Petit appel <day>|As-tu un moment <day> ?|<^matter>}",
    opening: "<wish> {J'aimerais parler avec toi <of>|Il faudrait que l'on parle <of>|Je voudrais reparler <of> avec \
             toi}{.|, avant que la semaine ne se remplisse.|, {une demi-heure|une vingtaine de minutes} {devrait \
             suffire|suffira, je pense}.}\n\n{Est-ce que <day> à <time> te conviendrait|Aurais-tu un moment <day> à \
             <time>|Que dirais-tu de <day> à <time>} ? {Sinon, <other> vers <later> me va aussi.|Autrement, j'ai \
             encore de la place <other>.} {Je peux t'envoyer une invitation.|Je m'adapte à ton agenda.|Choisis ce qui \
             t'arrange.}",
    replies: [
        "<^thanks> pour {ton message|la proposition} ! {<^day> à <time>, c'est parfait|Disons <day> à <time>}{.|, j'ai \
         bloqué le créneau.}\n\n{Faut-il que je prépare quelque chose ?|Est-ce que je propose à <colleague> de se \
         joindre à nous, ou restons-nous à deux ?|Peux-tu m'envoyer deux ou trois points à l'avance ?}",
        "{Parfait|Très bien|Super}, va pour <day>. {Pas besoin de préparer quoi que ce soit|Rien à préparer} : {il \
         reste surtout à voir l'ordre des étapes et qui fait quoi|j'aimerais d'abord fixer les dates, puis les \
         détails|j'ai trois points, et ils sont courts}. {<colleague> peut venir, bien sûr.|Si <colleague> a le temps, \
         c'est encore mieux.}",
        "{Ça me va|Bon programme|Cela m'aide}. {J'ai déjà noté quelques idées|J'ai repris mes notes}, {et il n'y a que \
         deux points sur lesquels j'hésite|et l'essentiel me paraît simple}. {Je préviens <colleague>.|<colleague> \
         aimerait être là au début.}",
        "{Très bien|Excellent}, <thanks>. {Commençons par tes deux points|Partons de tes questions} {et voyons où cela \
         nous mène|et voyons le reste ensuite}. {L'invitation est partie.|Tu dois avoir l'invitation dans ton agenda.}",
        "{Bien reçu|C'est noté dans mon agenda}, <thanks>. {À <day>|On se parle <day>|Au plaisir d'en discuter <day>}{ \
         !|.}",
    ],
};

pub(super) const NOTES: Story = Story {
    topic: "compte rendu",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "meeting/of",
            rows: &[
                "la réunion de planification/de la réunion de planification",
                "la réunion de lancement/de la réunion de lancement",
                "le point de la semaine/du point de la semaine",
                "l'atelier/de l'atelier",
                "notre dernier échange/de notre dernier échange",
                "la réunion d'équipe/de la réunion d'équipe",
                "le bilan/du bilan",
                "la séance d'idées/de la séance d'idées",
            ],
        },
        Slot {
            names: "step",
            rows: &[
                "rassemble les questions ouvertes",
                "trie la liste des tâches",
                "esquisse un premier calendrier",
                "écrit un résumé d'une page",
                "dessine le nouveau parcours",
                "regarde qui doit participer",
                "prend contact avec l'autre équipe",
            ],
        },
    ],
    subject: "{Notes <of>|Ce que nous avons décidé|Après <meeting>|Quelques points <of>|Nos prochaines étapes}",
    opening: "<^thanks> pour {ton temps|cette bonne discussion|ta participation} ! {Voici mes notes <of>|Voici ce que \
             je retiens <of>|Pour ne rien perdre, voici l'essentiel <of>} :\n\n- {nous gardons le plan actuel|le plan \
             reste tel quel}{| pour l'instant|, au moins jusqu'à la fin du mois}\n- <colleague> <step>\n- {nous nous \
             retrouvons <day>|la prochaine réunion a lieu <day>|nous regardons le résultat <day>}\n\n{Est-ce que \
             j'oublie quelque chose|Manque-t-il quelque chose|Est-ce bien cela} ? {Corrige-moi si je me trompe.|Ajoute \
             ce qui te vient.|Un simple oui suffit si tout est juste.}",
    replies: [
        "<^thanks> pour {le résumé|ces notes}, {c'est aussi ce que j'avais en tête|cela correspond aux miennes}. {Un \
         petit ajout|Un détail} : {nous voulions donner un coup de main à <colleague>|nous avions dit que l'autre \
         équipe donnerait son avis}. {Tu peux l'ajouter ?|Veux-tu bien le noter ?}",
        "{Bonne remarque|Tu as raison|C'est vrai}, {je l'avais oublié|cela m'avait échappé}. {C'est ajouté|Voilà qui \
         est fait}. {Veux-tu contacter l'autre équipe|Est-ce que tu t'en charges}, ou {vaut-il mieux que <colleague> \
         le fasse|attendons-nous <day>} ?",
        "{Je m'en occupe volontiers|Je m'en charge}. {J'en croise deux à midi de toute façon|Un petit message \
         suffira}, {nous aurons donc la réponse avant <day>|et nous saurons à temps}.",
        "{Super|C'est très gentil}, <thanks>. {J'ai mis ton nom en face|C'est noté}. {Fais-moi signe s'il y a un \
         imprévu|Dis-moi s'ils ont d'autres idées}.",
        "{C'est fait|Tout est réglé} : {le plan leur plaît, avec un seul petit souhait sur le calendrier|ils sont \
         d'accord et se joindront à nous <day>}. {À <day>, alors.|On se voit <day>.}",
    ],
};

pub(super) const MOVE: Story = Story {
    topic: "déménagement",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "place",
            rows: &[
                "au troisième étage",
                "dans le nouveau bâtiment",
                "dans l'ancienne bibliothèque",
                "dans les salles au bord de l'eau",
                "du côté sud",
                "dans le bureau d'angle",
                "dans la maison voisine",
                "au deuxième étage",
            ],
        },
        Slot {
            names: "thing",
            rows: &[
                "la grande plante",
                "la grande table",
                "la machine à café",
                "le vieux tableau",
                "la bibliothèque",
                "la lampe du couloir",
                "le petit frigo",
                "le canapé",
            ],
        },
    ],
    subject: "{Notre déménagement <day>|Déménagement : une question|Bientôt de nouveaux bureaux|On s'installe \
             <place>|Que faire de tout cela ?}",
    opening: "<wish> {Comme tu le sais, nous nous installons|Tu l'as sans doute entendu : nous nous installons|C'est \
             décidé, nous nous installons} <place> <day>{.|, {enfin|si tout va bien}.} {Presque tous les cartons sont \
             faits|Presque rien n'est emballé|<colleague> a dressé une longue liste}, {et pourtant je ne retrouve plus \
             rien|mais on va y arriver|et je commence à m'en réjouir}.\n\n{Une question reste ouverte|Il y a juste une \
             chose que nous ne savons pas} : {faut-il emporter <thing>|où allons-nous mettre <thing>} ? {Est-ce que \
             cela vous servirait|Auriez-vous de la place pour cela} ? {<^norush>.|<ask>|Tu as l'habitude de ce genre \
             de choses.}",
    replies: [
        "{Quelle bonne nouvelle|C'est allé vite} ! {À votre place, j'emporterais tout|Pour le moment, je garderais \
         tout}, {vous ferez le tri plus tard|on finit toujours par trouver de la place}. {Vos nouvelles salles sont \
         grandes ?|Aurez-vous plus de lumière ?}",
        "{Un peu plus grandes qu'ici|À peu près comme ici}, {mais bien plus claires|avec une plus belle vue}. {Le \
         matin, le soleil entre partout|De la fenêtre, on voit les arbres}. {Passe donc nous voir.|Il faut que tu \
         voies cela un jour.}",
        "{Avec plaisir|Très volontiers}, {dès que les cartons seront rangés|quand tout sera en place}. {Avez-vous \
         besoin de bras <day> ?|Voulez-vous un coup de main <day> ?}",
        "{C'est vraiment gentil|Quelle belle offre} ! {Deux heures le matin, ce serait déjà beaucoup|Pour les \
         étagères, ce serait parfait}. {Il y aura du café et un gâteau.|<colleague> apporte de quoi manger.}",
        "{C'est entendu|Comptez sur moi}, {<day> à partir de neuf heures|je viens <day> dès le matin}. {J'apporte des \
         gants.|Je ne dis jamais non à un gâteau.}",
    ],
};

pub(super) const DRAFT: Story = Story {
    topic: "relecture",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "text",
            rows: &[
                "l'invitation à la journée d'équipe",
                "le texte de la page d'accueil",
                "le discours pour l'anniversaire de la maison",
                "le rapport du trimestre",
                "l'annonce pour le nouveau poste",
                "l'article pour la lettre interne",
                "le guide pour les nouvelles recrues",
                "l'affiche pour le tableau du couloir",
            ],
        },
    ],
    subject: "{Un deuxième regard ?|Une relecture de ta part ?|Un texte qui me résiste|Ton avis sur un texte|Petite \
             demande de relecture}",
    opening: "<wish> J'écris en ce moment <text>{ et je n'avance plus| et j'ai presque fini|, avec <colleague>}. {Le \
             début me plaît|Le milieu tient bien}, {mais la fin reste un peu raide|mais le ton n'est pas encore tout à \
             fait juste|mais l'ensemble est trop long}.\n\n{Pourrais-tu y jeter un œil avant <day>|Aurais-tu le temps \
             d'une relecture avant <day>|Accepterais-tu de me donner ton avis avant <day>} ? {Tu peux couper autant \
             que tu veux.|C'est surtout la fin qui m'intéresse.|<^norush>, <other> irait très bien aussi.} {Tu as \
             l'oreille pour ce genre de choses.|Dix minutes suffisent largement.}",
    replies: [
        "{Bien sûr|Avec plaisir} ! {Envoie-moi ce que tu as|Envoie-moi le tout}, {je regarde cela ce soir|j'ai un peu \
         de temps demain matin}. {Pour qui est-ce écrit ?|Quelle longueur vises-tu ?}",
        "<^thanks> ! {C'est pour toute la maison|Des gens qui nous connaissent à peine le liront aussi}, {une page au \
         maximum|au-delà d'une demi-page, personne ne lit}. {N'aie aucune pitié.|Coupe tout ce qui t'ennuie.}",
        "{J'ai tout lu|Voilà, j'ai fini}. {Le début est fort|C'est meilleur que tu ne le crois}, {j'enlèverais le \
         deuxième paragraphe|je couperais seulement les phrases trop longues}. {À la fin, il manque une phrase qui \
         revienne au début.|La dernière phrase pourrait être plus chaleureuse.}",
        "{Cela m'aide beaucoup|C'est exactement ce qui manquait} ! {Sans le deuxième paragraphe, tout est plus \
         léger|Avec des phrases plus courtes, c'est tout autre chose}. {<colleague> est du même avis.|Maintenant, ce \
         texte me plaît.}",
        "{Voilà qui fait plaisir|Tant mieux} ! {Alors, c'est terminé|Tu peux publier tout cela}, {demain, ce ne serait \
         pas meilleur|et tu auras de nouveau l'esprit libre}. {La prochaine fois, c'est toi qui me relis.|À <day> !}",
    ],
};

pub(super) const TRAINING: Story = Story {
    topic: "formation",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "course",
            rows: &[
                "un cours de prise de parole",
                "un atelier d'animation de réunion",
                "un atelier d'écriture",
                "un cours sur les tableaux",
                "un séminaire sur la gestion du temps",
                "un cours de dessin pour les réunions",
                "un séminaire sur l'écoute",
                "une formation à la conduite de projet",
            ],
        },
    ],
    subject: "{Une formation qui pourrait te plaire|Tu viens avec moi <day> ?|Formation <day>|Apprendre quelque chose \
             ensemble ?|Es-tu libre <day> ?}",
    opening: "{Nous organisons|Il y aura chez nous|<colleague> organise} <course> <day>{.|, {toute la matinée|pendant \
             trois heures}.} {Le groupe est petit|Nous serons huit en tout}, {et l'on essaie beaucoup de choses|et \
             personne n'a d'exposé à faire}. {L'an dernier, j'en ai gardé un très bon souvenir|<colleague> parle \
             encore de la dernière fois|On m'en a dit beaucoup de bien}.\n\n{Aurais-tu envie de venir|Est-ce que cela \
             te dirait|Veux-tu que je te garde une place} ? {Il me faudrait ta réponse avant <other>.|Il reste une \
             place.|Nous pourrions déjeuner ensemble après.}",
    replies: [
        "{Voilà qui me tente|Je cherchais justement cela} ! {Je suis libre <day>|Je peux me libérer <day>}. {Faut-il \
         savoir quelque chose|Faut-il déjà s'y connaître}, ou {est-ce pour tout le monde|part-on de zéro} ?",
        "{On part de zéro|C'est pour tout le monde}. {Prends juste de quoi écrire|Viens avec un exemple de ton \
         quotidien}, {le reste est sur place|il n'en faut pas plus}. {Je t'inscris.|Ton nom est sur la liste.}",
        "{Super, merci|Merci pour l'inscription} ! {J'ai déjà un exemple en tête|Les exemples ne manquent pas}, {un \
         peu gênant, mais instructif|on verra bien ce qu'il donne}. {Où nous retrouvons-nous ?|C'est dans quelle salle \
         ?}",
        "{Dans la grande salle du rez-de-chaussée|Dans la salle claire près de la cuisine}, {un peu avant neuf \
         heures|à neuf heures}. {Il y a du café avant|Les premiers arrivés ont la place près de la fenêtre}.",
        "{Alors je viendrai tôt|La place près de la fenêtre est pour moi} ! {À <day>|On se voit <day>}. {J'ai hâte d'y \
         être.|Je m'en réjouis.}",
    ],
};
