//! Stories between people: thanks, hiring, events, lunch, travel, farewells, newcomers.

use super::super::{Slot, Story};
use super::{COLLEAGUE, DAYS};

pub(super) const THANKS: Story = Story {
    topic: "thanks",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "help",
            rows: &[
                "your help with the presentation",
                "stepping in last week",
                "the introduction to your team",
                "your patience with my questions",
                "the tour of your office",
                "looking after our guests",
                "your advice on the schedule",
                "the good talk after the meeting",
                "helping us with the setup",
                "sharing your notes",
                "covering the early shift",
            ],
        },
    ],
    subject: "{Thank you|<^thanks> for <help>|A <quick> thank you|Thank you for <help>|Just to say thank you}",
    opening: "{I wanted to say thank you for <help>|<^thanks> for <help>|This is just to thank you for <help>}. {It made \
              a real difference|It saved us a lot of time|Without you it would have taken twice as long|It turned a \
              hard week into a good one}, and {<colleague> said the same|the whole team noticed|everybody here was \
              impressed}.\n\n{If there is ever something I can do for you|Should you need a hand one day|If we can \
              return the favour}, {just say the word|please tell me|you know where to find me}. {How are things on \
              your side|How is your own project coming along|And how was your week}? {I hope it is a little calmer \
              now.|I hope you got some rest.|I would like to hear about it.}",
    replies: [
        "{You are very welcome|That is kind of you|What a nice message}! {It was no trouble at all|I enjoyed it \
         myself|It was fun to work together}. {Things are calmer here|We are nearly done with our part}, {so I finally \
         tidied my desk|and I even left on time twice}. {How is <colleague> doing?|Is <colleague> still so busy?}",
        "{Good to hear|I am <glad> to hear that}. <colleague> is {fine|very well} and {sends greetings|says hello}. {We \
         finished the last piece yesterday|The last piece went out this week}, {and it looks just as we hoped|so there \
         is room to breathe}.",
        "{Congratulations to you all|Well done, all of you}! {That deserves a cake|You should celebrate that a little}. \
         {What comes next|What will you do now}, {a break or the next one|more of the same or something new}?",
        "{First the cake|A short break first}, {as you suggested|of course}. {Then we start on something smaller|After \
         that we take it slowly}. {If you pass by, a slice is yours|There will be a piece for you}.",
        "{I will take you up on that|That is hard to refuse|I heard cake}! {Greetings to everyone|Say hello to \
         <colleague>}, and {enjoy the break|see you soon}.",
    ],
};

pub(super) const HIRING: Story = Story {
    topic: "hiring",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "role",
            rows: &[
                "a new editor",
                "a second designer",
                "an office manager",
                "a project coordinator",
                "an analyst",
                "a new team lead",
                "a community manager",
                "an assistant for the front desk",
                "a developer",
            ],
        },
    ],
    subject: "{We are looking for <role>|Looking for <role>|Your view on our hiring process|<^role>: how do you \
              choose?|A question about interviews}",
    opening: "<wish> {We are looking for <role>|We have begun to look for <role>|Our team is growing, and we need \
              <role>}{.|, for the first time in two years.} {So far we have had a talk by phone and one visit|At the \
              moment there are two rounds of interviews|We have a short list of four people}, and {I wonder whether \
              that is enough|it feels a little long|I am not sure we ask the right things}.\n\n{How do you do it|How \
              does it work in your team|You have done this more often}: {do you give a small task|do people meet the \
              whole team|who decides in the end}? {<colleague> thinks a trial day is the best way.|<colleague> would \
              rather keep it short.} {<ask>|I would be grateful for your experience.}",
    replies: [
        "{Good question|We had the same discussion}. {We settled on two talks and a short task that looks like the real \
         work|With us, everybody meets two people from the team, and then we decide together on the same day}. {What \
         helped most was to ask everyone the same questions|The best change was to answer people within a week}. {How \
         soon do you need somebody?|When would the person start?}",
        "<^thanks>, {that is very clear|I like that}. {There is some time|We are not in a hurry}, {the start would be in \
         two months or so|any time before the summer is fine}. {Who writes the questions in your team|How many \
         questions do you ask}?",
        "{We write them together, on one page|We have six, and we keep to them}, {and the last ten minutes are for theirs|and leave some time for theirs}. {I \
         can walk you through it on <day>|If you like, I tell you more on <day>}, {it takes a quarter of an hour|it is \
         quickly told}.",
        "{That would be great|Yes, please}. {<day> after lunch|<day> morning} {works|is fine} for us, and {<colleague> \
         would like to listen in|I will bring <colleague>}.",
        "{Perfect|Good}, {<day> then|let us do that}. {You will find the right person|I am sure you will choose well}, \
         {a good process is half of it|you ask the right questions already}.",
    ],
};

pub(super) const EVENT: Story = Story {
    topic: "an event",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "event",
            rows: &[
                "the spring meetup",
                "the open house",
                "the design evening",
                "the neighbourhood fair",
                "the summer party",
                "the book fair",
                "the regional conference",
                "the museum night",
                "the community breakfast",
                "the panel on city planning",
            ],
        },
    ],
    subject: "{<^event>|Are you going to <event>?|<^event> on <day>|<^event>: shall we go together?|See you at <event>?}",
    opening: "{Are you going to <event>|Have you seen that <event> is coming up|Did you get the invitation to \
              <event>}? {It is on <day>|This time it is on a <day>|They moved it to <day>}, and {the programme looks \
              {good|interesting|better than last year}|several people from our side are going|I heard good things \
              about it}.\n\n{{<colleague> and I want to be there|I plan to go with <colleague>}, {around six|a \
              little before it begins|for the first two hours at least}|<colleague> has talked me into it, and now I \
              am looking forward to it}. {Would you like to join us|Shall we meet at the entrance|Do you want to come \
              along}? {It would be <good> to see you \
              there.|We could have a bite to eat first.|Afterwards we could sit down somewhere quiet.}",
    replies: [
        "{What a nice idea|I had nearly forgotten it|I had it in my calendar}! {I would love to come|Yes, count me \
         in|I am in}. {I only need to move one thing on <day>|I can be there a little after six}. {Do I need to sign \
         up|Is there a list}, or {do we just walk in|is it open to all}?",
        "{Just walk in|It is open to everyone|No list}, {as far as I know|it said so in the invitation}. {We meet at the \
         main entrance|<colleague> will stand by the big clock}, {so take your time|and we will wait for you}. {Is \
         there a part you would not like to miss?|Anything on the programme you want to see?}",
        "{The talk at seven|The short films}, {I think|if I have to choose}. {And whatever has music|And the food, to be \
         honest}. {May I bring a friend along?|A friend may join, if that is all right.}",
        "{Of course|Please do|The more the merrier}. {Then we are four|That makes four of us}, {a good number|just \
         right for one table}. {I will look for a place nearby.|Let us see where the evening takes us.}",
        "{Lovely|Wonderful}! {Until <day>, then|See you on <day>}. {I am looking forward to it.|It will be a nice \
         evening.}",
    ],
};

pub(super) const LUNCH: Story = Story {
    topic: "lunch",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "place",
            rows: &[
                "the noodle bar by the station",
                "the small Italian place",
                "the canteen in the park",
                "the bakery on the corner",
                "the new Lebanese kitchen",
                "the garden cafe",
                "the soup kitchen by the canal",
                "the market hall",
                "the Korean place near the bridge",
            ],
        },
    ],
    subject: "{Lunch on <day>?|Lunch next week|Lunch at <place>?|Time for lunch?|<^place>}",
    opening: "{It has been far too long|We have not had lunch in ages|I was just looking at my calendar}. {How about \
              lunch on <day>|Would you have time for lunch on <day>|Shall we have lunch on <day>}{?|, around {noon|half \
              past twelve|one}?} {I was thinking of <place>|We could go to <place>|<colleague> says <place> is worth a \
              visit}, {they have changed the menu|it is usually quiet|you can sit outside there}.\n\n{I would love to \
              hear what you are up to|I have some news, nothing dramatic|There is a lot to tell}. {If <day> is bad, \
              <other> works too.|<other> would be fine as well.} {<colleague> may join us.|It could be just the two of \
              us.|Bring a good appetite.}",
    replies: [
        "{What a good idea|Yes, let us do that|I was about to ask you the same}! {<day> is fine|<day> works}, {I am at \
         my desk until noon|and I have no meeting after it}. {I have never been there|I went there once and liked it}. \
         {Should we book|Do they take bookings}, or {is there always a table|do we just turn up}?",
        "{I will book for us|I have called them}, {under my name|to be safe}. {They have a table by the window|We have \
         the small table in the back}. {Is there anything you do not eat?|Do you like it spicy?}",
        "{I eat everything|Anything is fine for me}, {and the more vegetables the better|only not too spicy}. {Shall I \
         pick you up on the way|Do we meet there}?",
        "{Let us meet there|See you there}, {it is easy to find|just past the corner}. {If you are early, go in and sit \
         down|I may be five minutes late}.",
        "{No problem|Fine with me}. {I will read the menu twice|I am already hungry}. {Until <day>!|See you on <day>.}",
    ],
};

pub(super) const TRAVEL: Story = Story {
    topic: "travel",
    slots: &[
        Slot {
            names: "city",
            rows: &[
                "Lisbon",
                "Vienna",
                "Copenhagen",
                "Porto",
                "Ghent",
                "Ljubljana",
                "Edinburgh",
                "Kyoto",
                "Montreal",
                "Bologna",
                "Helsinki",
                "Dublin",
                "Salzburg",
                "Seville",
                "Tallinn",
                "Utrecht",
            ],
        },
        Slot { names: "days", rows: &["two days", "three days", "a long weekend", "nearly a week", "four days"] },
        COLLEAGUE,
    ],
    subject: "{<city>|A trip to <city>|Any tips for <city>?|<^days> in <city>|You know <city>, don't you?|Travelling to \
              <city>}",
    opening: "<wish> {I am going to <city>|I will be in <city>|There is a trip to <city> ahead of me} {next month|in \
              three weeks|soon}, {for <days>|for <days> in all}{.|, {partly|mostly} for work.} {You know the city \
              well|You were there last year|<colleague> said you know it by heart}, so {I thought I would ask you|who \
              better to ask}.\n\n{Where would you stay|Which part of town do you like best|What should I not miss}, and \
              {is there a place for a quiet breakfast|where do you go for a walk|which museum is worth a morning}? {I \
              like to {walk|wander about} and do not need much.|One or two names are enough.|I would rather see a \
              little and see it well.}",
    replies: [
        "{Lucky you|How nice|I envy you}! {Stay near the old town, but one street away from the square|I always stay a \
         little outside and take the tram}. {Go up the hill early in the morning|Walk along the water in the evening}, \
         {before the crowds come|when the light is soft}. {Do you travel alone?|Will <colleague> be with you?}",
        "<^thanks>, {I can see it already|that is exactly what I hoped for}. {I travel alone|<colleague> joins me for one \
         day}, and {I take the train|I am going by train}, {so I have time to read|so there will be something to look \
         at}. {Do I need good shoes?|Is it all right on foot?}",
        "{Yes, good shoes|Definitely on foot}, {the streets go up and down|you see the best things by getting lost}. {And \
         take a light jacket|And pack something for the rain}, {the wind comes from the water|the weather changes \
         quickly}.",
        "{Packed|It is on the list}! {I will send you a postcard|I will bring you something small}, {if I find a stamp|as \
         a thank you}.",
        "{I would like that|A postcard, how lovely}! {Have a wonderful time in <city>|Enjoy <city>}, and {tell me \
         everything when you are back|say hello to the river from me}.",
    ],
};

pub(super) const FAREWELL: Story = Story {
    topic: "a farewell",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "gift",
            rows: &[
                "a cookbook",
                "a good umbrella",
                "a small tree",
                "a set of pencils",
                "a photo album",
                "a picnic blanket",
                "a tea pot",
                "a map of the city",
                "a board game",
            ],
        },
    ],
    subject: "{<colleague>'s farewell|Something for <colleague>|A card for <colleague>|<colleague> leaves us: an idea|\
              <^gift> for <colleague>?}",
    opening: "{You may have heard that <colleague> is moving on|As you know, <colleague> leaves us soon|<colleague>'s \
              last day is on <day>}{.|, after so many years.} {We would like to say goodbye properly|A few of us want \
              to do something small}, {with some cake and a card|in the \
              kitchen, after lunch|at the end of the day}.\n\n{I was thinking of <gift>|What about <gift> as a present|\
              Somebody suggested <gift>}, {it would fit|that is something one keeps|it made me smile}. {Would you write \
              a line for the card|Do you have a nice photo from the early days|Would you say a few words}? {You worked \
              together so often.|<^norush>, it is still a few days away.|It would mean a lot.}",
    replies: [
        "{What a lovely idea|I am so <glad> you thought of this}. {Of course I will|With pleasure}. {I like <gift>|<^gift> \
         is perfect}, {it has a little joke in it|and everybody will understand}. {When do you need my part?|Until when \
         do you need it?}",
        "{<other> would be great|By <other>, if you can}. {Two lines are enough|Keep it short}, {the card is small|there \
         are many of us}. {Can you be there on <day>|Will you come on <day>}?",
        "{I will be there|I would not miss it}. {I will bring a cake, the one with the pears|I can bring some \
         plates, we never have enough of them}. {Does <colleague> know?|Is it a surprise?}",
        "{It is a surprise|Nobody said a word so far}, {so please keep it to yourself|let us see whether we can keep it \
         that way}. {The cake is very welcome|That would be wonderful}.",
        "{My lips are sealed|Not a word from me}! {See you on <day>|Until <day>}, {I will come a little early|with the \
         cake}.",
    ],
};

pub(super) const NEWCOMER: Story = Story {
    topic: "a new colleague",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "field",
            rows: &[
                "the archive",
                "customer questions",
                "the training programme",
                "the library",
                "our events",
                "the translations",
                "quality checks",
                "the front office",
                "the data team",
            ],
        },
    ],
    subject: "{<colleague> joins us|Meet <colleague>|An introduction: <colleague>|New in the team: <colleague>|<colleague> \
              would like to meet you}",
    opening: "<wish> {<colleague> joined us this month|We have a new colleague, <colleague>|<colleague> started with us \
              not long ago} and {looks after <field>|will work on <field>|is learning all about <field>}. {It is going \
              very well|The first weeks went by quickly|We are all <glad>}, {and the questions are excellent|the kettle \
              has never been so busy|and there is already a list of ideas}.\n\n{I think the two of you should meet|You \
              two would get along|You know more about this than anybody here}. {Would you have half an hour on <day>|\
              Could <colleague> visit you on <day>|May <colleague> look over your shoulder for an hour on <day>}? {Any \
              other day is fine too.|<other> would do just as well.} {It would be a great help.|I would be grateful.}",
    replies: [
        "{How nice|Good news|Welcome to <colleague>}! {I would be <glad> to|Of course}. {<day> is good|Let us say \
         <day>}, {any time after ten|in the morning}. {Is there something in particular|What would be most useful}, {or \
         shall I just show how we do it|or do we simply talk}?",
        "<^thanks>! {Just show the everyday things|Simply talk}, {that is the most useful|the rest comes by itself}. {What \
         helped you in your first weeks|How did you learn it yourself}?",
        "{I sat next to somebody patient, and asked the same question three times|I wrote everything down, and \
         threw the notes away a year later}. {I will look for a few old examples|I will think of two or three \
         stories}, {they say more than a manual|people remember those}.",
        "{That is perfect|You are the right person for this}. {<colleague> will be there on <day> at ten|I told \
         <colleague>, and there was a big smile}. {Lunch is on us one day.|I owe you a coffee.}",
        "{It is a pleasure|No need}, {really|I enjoy it}. {See <colleague> on <day>|Until <day>}, {and greetings to the \
         team|I will put the kettle on}.",
    ],
};
