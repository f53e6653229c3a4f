//! Stories of free time: books, articles, weather, garden, sport, cooking.

use super::super::{Slot, Story};
use super::COLLEAGUE;

pub(super) const BOOK_TIP: Story = Story {
    topic: "a book",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "book",
            rows: &[
                "a novel about a lighthouse keeper",
                "a history of maps",
                "a book on walking",
                "a short book about bees",
                "a detective story set in a library",
                "a biography of a clockmaker",
                "a book about old bridges",
                "a collection of short stories",
                "a travel diary from the north",
                "a novel about three sisters",
                "a book on how languages change",
                "a slim book about rivers",
            ],
        },
        Slot { names: "share", rows: &["a third", "half", "the first hundred pages", "two chapters", "nearly all"] },
    ],
    subject: "{A book for you|What I am reading|<^book>|A reading tip: <book>|Something to read}",
    opening: "{I am reading <book>|On my desk lies <book>|<colleague> lent me <book>}, and {I thought of you|you came to \
              my mind|you might like it}. {I have read <share> of it|So far I know <share> of it}, {in two \
              evenings|mostly on the train|far too late at night}. {It is calm and funny at the same time|The author \
              takes time, and it never gets dull|Every page has something to smile about}.\n\n{Do you know it|Have you \
              come across it|Have you read it}? {And what are you reading these days|What is on your own pile|Is there \
              something you would recommend}? {I need something for the next long weekend.|My list is short at the \
              moment.|I trust your taste.}",
    replies: [
        "{I do not know it|No, I have not read it}, {but it sounds just right|but now I want to}. {I am in the middle of \
         something about gardens in old cities|At the moment I read letters of a painter}, {slowly, ten pages a day|and \
         I do not want it to end}. {Would you lend it to me when you are done?|How does yours begin?}",
        "{Gladly|Of course}, {it is yours next|you get it when I am through}. {It begins with a storm and a lost hat|It \
         starts very quietly, with a letter}, {and you are in the middle of it|and then one cannot stop}. {Yours sounds \
         good too.|Tell me more about yours.}",
        "{It is hard to sum up|There is not much of a story}, {it is more about looking closely|it is about small things, \
         really}. {We could swap|Let us swap books} {at the end of the month|when we meet}.",
        "{A swap it is|Yes, let us do that}! {<colleague> wants to join|We could make it a habit}, {a tiny book club of \
         three|one book a month, no homework}. <ask>",
        "{I am in|I like it}. {No homework is my favourite rule|Three is a good number}. {See you with the book under my \
         arm|I will read a little faster now}.",
    ],
};

pub(super) const ARTICLE: Story = Story {
    topic: "an article",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "theme",
            rows: &[
                "quiet offices",
                "short meetings",
                "working from trains",
                "how teams make decisions",
                "writing clearly",
                "old office buildings",
                "remote workshops",
                "the four-day week",
                "note-taking by hand",
                "good questions",
                "city trees",
                "public libraries",
            ],
        },
        Slot {
            names: "source",
            rows: &["the weekend paper", "a magazine at the station", "the journal we both read", "an old magazine"],
        },
    ],
    subject: "{An article about <theme>|<^theme>|Something about <theme>|A thought on <theme>|I read something about \
              <theme>}",
    opening: "{I read an article about <theme>|There was a long piece about <theme>|I came across something about \
              <theme>} in <source>{.|, {by chance|over breakfast|last Sunday}.} {The main point was simple|What stayed \
              with me was this|The author's idea is easy to tell}: {we do most things out of habit, and few of them were \
              ever decided|small changes last longer than big ones|it helps to try something for a month and then \
              talk about it}.\n\n{It made me think of our last talk.|It reminded me of you and <colleague>.|We talked about just that, remember?} {Would that work in your team|Do you see it the same way|Have you ever tried \
              something like it}? {<ask>|I am in two minds about it myself.|I can tell you more if you like.}",
    replies: [
        "{That is interesting|Funny, I read something similar}. {I agree with most of it|I am not sure about all of it}: {habits are not always bad, but one should look at them from time to time|a month is short, yet it is better than nothing}. {Did they give an example?|Was there a real case in it?}",
        "{Yes, one|There was one}: {a small school that changed its whole timetable|a workshop where everybody swapped \
         desks for four weeks}. {Not everybody liked it|It began with grumbling}, {but nobody wanted to go back|and \
         ended with a party}.",
        "{I like that|What a nice example}. {We could try a small version of it|Perhaps we should do that here}, {one \
         week, as a game|with those who want to}. {<colleague> would join at once.|I know somebody who would love it.}",
        "{Do it|Try it}, and {tell me how it went|let me know what happens}. {We might copy you|If it works, we do the \
         same}.",
        "{It is decided|We start soon}: {one week, five people|a small group, no rules}. {I will report|You will hear from \
         me}, {thank you for the spark|it all began with your article}.",
    ],
};

pub(super) const WEATHER: Story = Story {
    topic: "the weather",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "weather/plan",
            rows: &[
                "so much rain/a walk in the hills",
                "fog every morning/a boat trip",
                "a late frost/a picnic",
                "a week of sun/a long bike ride",
                "strong wind/kites on the beach",
                "a warm evening at last/a barbecue",
                "thunder every afternoon/a swim in the lake",
                "the first snow/sledging",
                "such clear nights/stargazing",
            ],
        },
    ],
    subject: "{<^weather>|The weather|<^weather> here|How is the weather on your side?|<^plan>, if the weather allows}",
    opening: "{We have had <weather>|Here we have <weather>|I look out of the window and see the result of <weather>}, \
              {and nobody talks about anything else|which is unusual for the time of year|and the whole street is \
              outside to look}. {How is it on your side|Is it the same with you|What does the sky look like where you \
              are}?\n\n{At the weekend we wanted to try <plan>|Our plan was <plan>|<colleague> has been promising the \
              children <plan>}, {and I check the forecast twice a day|so keep your fingers crossed|and now everything \
              depends on the clouds}. {The forecast says maybe, as always.|My neighbour goes by the swallows.|I stopped \
              believing the forecast.} {Do you have plans|What are you up to|Any plans on your side}?",
    replies: [
        "{Here it is quite the opposite|The same here, more or less}, {and I am not complaining|so we are all in the \
         kitchen}. {We have no big plans|We stay at home}, {a long breakfast and a book|some cooking and an old \
         film}. {<^plan> sounds lovely, though|But <plan> would be nice}. {Where would you go?|Do you know a good spot?}",
        "{There is a place half an hour from here|Not far, there is a spot by the water}, {hardly anybody knows it|with an \
         old bench under a tree}. {You should come along one day|Next time you come too}.",
        "{I would love to|Very much so}! {Give me a sign when you go|Tell me a day or two before}, {I will bring \
         something to eat|I have a big thermos}.",
        "{It is a deal|Agreed}. {It worked out, by the way|We were lucky in the end}: {the clouds left at the right \
         moment|two dry hours, and they were enough}.",
        "{I am <glad>|How nice}! {Two hours like that make a week|That is all one needs}. {Next time with me, then.|I am \
         looking forward to the next one.}",
    ],
};

pub(super) const GARDEN: Story = Story {
    topic: "the garden",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "plant",
            rows: &[
                "the tomatoes",
                "the roses",
                "the beans",
                "the strawberries",
                "the old apple tree",
                "the herbs",
                "the sunflowers",
                "the pumpkins",
                "the lavender",
                "the courgettes",
                "the blackberries",
            ],
        },
        Slot {
            names: "trouble",
            rows: &[
                "the snails found them first",
                "the leaves turned yellow",
                "they grow in every direction",
                "the birds are faster than we are",
                "it was too dry for weeks",
                "they hardly grow at all",
            ],
        },
    ],
    subject: "{<^plant>|News from the garden|A question about <plant>|<^plant> and I|Garden question|How are <plant> \
              doing?}",
    opening: "{You have the green thumb among us|You know about gardens|I have a garden question for you}{.|, so you are \
              the one to ask.} {This year we tried our luck with <plant>|We put a lot of work into <plant>|<colleague> and \
              I look after <plant> this year}, but <trouble>{.|, {sadly|as it seems|I am afraid}.} {The books say a lot, \
              and each says something else|The neighbours shrug and smile|We have tried patience so far}.\n\n{What would \
              you do|Does that sound familiar|Do you have a trick for that}? {More water|Less water|A different corner}, \
              or {simply wait|start again next year|ask the neighbours for theirs}? {And how is your own garden|What is \
              in flower on your side}? {I remember it was a picture.|I would like to see it again.}",
    replies: [
        "{Oh, I know that|That sounds familiar|We had that too}. {I water early in the morning and only twice a week|I put \
         some straw around everything and leave it alone}, {that did more than anything else|and it looks better after \
         a while}. {My own garden is rather wild this year|Here everything flowers at once}. {How much sun do they \
         get?|Is it a sunny corner?}",
        "{Sun until noon, after that the house is in the way|Quite a lot of sun, from breakfast to tea}. {I will \
         try your way|Straw and early mornings, then}, {it cannot hurt|I am up early anyway}. {Wild is beautiful, too.|Wild \
         gardens are the best ones.}",
        "{The bees agree with you|The hedgehog thinks so too}. {Half a day of sun is fine|That is enough sun}, {just give \
         it two weeks|be patient}. {I could give you a few young plants|I have some to spare}, if you like.",
        "{That is very kind|Oh yes, please}! {They already look better, I think|Something green has appeared}, {or I have \
         begun to hope|so your advice works}. {I can offer rhubarb in return.|We have more mint than we can use.}",
        "{A fair swap|I never say no to that}! {Come by when you like|I will put them by the gate for you}, {and mind the \
         hedgehog|they travel well in a box}.",
    ],
};

pub(super) const SPORT: Story = Story {
    topic: "sport",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "sport",
            rows: &[
                "the city run",
                "the rowing evening",
                "the table tennis round",
                "the bike tour",
                "the climbing hall",
                "the volleyball evening",
                "the badminton group",
                "the swim club",
                "the Sunday football",
                "the dance class",
            ],
        },
        Slot {
            names: "when",
            rows: &["once a week", "every other week", "on Sundays", "after work", "early mornings"],
        },
    ],
    subject: "{<^sport>|Joining <sport>?|<^sport>: are you in?|A word about <sport>|Back to <sport>}",
    opening: "{After a long break I am back at <sport>|<colleague> took me along to <sport>|I have started to go to \
              <sport>}, <when>{.|, {would you believe it|and I enjoy it|more or less}.} {I was the slowest by far|It \
              went better than I feared|I had forgotten how much fun it is}, and {nobody minded|everybody was very \
              friendly|we laughed a lot}. {Afterwards there is tea and toast|The best part is the chat afterwards|We \
              stay for a drink when the weather is kind}.\n\n{Did you not do that for years|I remember you were quite \
              good at it|You used to play, if I am not wrong}? {Would you like to come along|Shall I put your name on the \
              list|Do you still do it}? {One can simply try it once.|There is room for two more.|It is for beginners, \
              too.}",
    replies: [
        "{That was long ago|Those were the days}! {I have not done it for years|My shoes must be in the cellar \
         somewhere}, {but you make me want to|but why not}. {How good are the others|How serious is it}? {I would not \
         like to hold everybody up.|I am badly out of practice.}",
        "{Not serious at all|Very relaxed}. {Half of us come for the tea|<colleague> keeps the score and nobody asks for \
         it}. {You would be in good company|You will be faster than I am}, {believe me|that much is certain}. {Come \
         once and see.|Just give it a try.}",
        "{All right, you have won|Fine, I will come}! {I found the shoes|The shoes still fit}, {to my surprise|which is a \
         good sign}. {Where do I have to be?|Is there a changing room?}",
        "{Wonderful|What good news}! {I will pick you up|We meet at the gate}, {then you do not have to look for it|it is \
         hard to find the first time}. {Bring a towel and some water.|You only need the shoes.}",
        "{Good|Thank you}, {I will be ready|I am looking forward to it}. {And if I can still walk the next day, I come \
         again|And the tea is on me the first time}.",
    ],
};

pub(super) const COOKING: Story = Story {
    topic: "cooking",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "dish",
            rows: &[
                "the lentil soup",
                "the plum cake",
                "the mushroom risotto",
                "the flat bread",
                "the lemon tart",
                "the potato salad",
                "the onion pie",
                "the carrot cake",
                "the bean stew",
                "the apple strudel",
                "the pickled cucumbers",
                "the spinach dumplings",
            ],
        },
        Slot {
            names: "guests",
            rows: &["six friends", "my parents", "the neighbours", "half the team", "the whole family", "old friends"],
        },
    ],
    subject: "{<^dish>|Your recipe for <dish>|How do you make <dish>?|About <dish>|A kitchen question}",
    opening: "{Do you remember <dish> you brought along{| last time}?|I still think of <dish> you made{| last time}.|<colleague> keeps talking about <dish> of yours.} {On Saturday <guests> come over|<^guests> come to dinner \
              soon|I have invited <guests>}, and {I would love to try it|I want to surprise them|I thought that would be \
              just the thing}.\n\n{Would you share the recipe|How do you make it|Could you tell me how it goes}? {I am \
              not much of a cook|I can follow instructions|My oven has its moods}, so {the simple version is fine|please \
              tell me what can go wrong|the small tricks would help most}. {How long does it take|Can it be made the day \
              before|Does it need anything special}? {I will save you a piece.|You will be mentioned with honours.|You \
              would make my week.}",
    replies: [
        "{With pleasure|Gladly|Of course}! {It is my grandmother's, and it is simple|There is no secret to it}: {good \
         ingredients, low heat and time|everything at room temperature, and then do not hurry}. {Make it the day \
         before|Let it rest overnight}, {it only gets better|that is the whole trick}. {How many will you be?|Do you \
         have a large dish for it?}",
        "{Eight, I think|We will be seven or eight}, {so I need a big one|and I have one large dish}. {Low heat and time, I \
         can do that|I will start the evening before}. {Fresh herbs or dried|Which spices do you use}?",
        "{Fresh, if you can, and at the very end|Only a little nutmeg, and some salt}. {Taste it twice|Do not \
         open the lid too often}, {that is all there is to it|patience is the main spice}.",
        "{It worked|It was a success}! {Nothing was left|They asked for more}, {and <guests> want the recipe as well|and \
         I had to admit that it is yours}. {I am proud, thanks to you.|You should have seen it.}",
        "{I am so <glad>|Bravo}! {My grandmother would be proud of you|I knew that you could do it}. {Next time you cook \
         for us|Pass it on}, {that is the fee|that is what recipes are for}.",
    ],
};
