//! Stories of office life: calls, notes, rooms, processes, drafts, calendars, courses.

use super::super::{Slot, Story};
use super::{COLLEAGUE, DAYS};

pub(super) const CALL: Story = Story {
    topic: "call",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot { names: "time/later", rows: &["9:30/11", "10/2", "10:30/1:30", "11/3", "2/4", "2:30/4:30", "3/4:30"] },
        Slot {
            names: "matter",
            rows: &[
                "the spring plan",
                "the handover list",
                "the new onboarding guide",
                "next quarter's calendar",
                "the workshop agenda",
                "the shared project board",
                "the partner newsletter",
                "the survey questions",
                "the site visit",
                "the roadmap for the autumn",
                "the updated timeline",
                "the team day",
            ],
        },
    ],
    subject: "{Call about <matter>|<^matter>: a <quick> call?|{Time|A slot} for a call on <day>?|Shall we talk about \
              <matter>?|<^quick> call on <day>|Catching up on <matter>}",
    opening: "<wish> {I would like to|Could we|It would be good to|I think we should} {talk through|go over|have a \
              <quick> chat about} <matter>{| together| before the week gets busy}{.|, {half an hour|twenty \
              minutes|thirty minutes} should {do|be plenty}.}\n\n{Would <day> at <time> {work|suit you}|Are you free on \
              <day> {at|around} <time>|How about <day> at <time>}{?|, your time?} {If not, <other> {at <later> would \
              be|around <later> is} {fine|just as good} {for me|on my side}.|{Otherwise|Failing that}, <other> is \
              still {quite|fairly|wide} open.} {I can send an invitation.|Happy to adapt to your calendar.|Just pick \
              what is easier.}",
    replies: [
        "<^thanks> for {asking|the note|getting in touch}. {<day> at <time> {works well|is fine|suits me}|Let us take \
         <day> at <time>}{.|, I have {blocked|kept} the {slot|time}.}\n\n{Is there anything I should \
         {prepare|read|look at} {before|beforehand}?|Shall I bring {<colleague>|a colleague} {along|into the call}, or \
         do we keep it small?|Would you mind sending two or three points in advance?}",
        "{Perfect|Great|Wonderful}, <day> it is. {No need to prepare much|Nothing special to prepare}: {the main open \
         questions are the order of the steps and who does what|I would like to settle the dates first, and then the \
         small things|I have three points, and they are all short}. {Feel free to bring <colleague> along.|If \
         <colleague> has time, {that would help|even better}.}",
        "{Sounds good|Good plan|That helps}. {I have put a few notes together|I went through my notes} {already|this \
         morning}, and {there are only two things that I am unsure about|most of it looks straightforward}. {I will \
         let <colleague> know.|<colleague> would like to join for the first part.}",
        "{Excellent|Very good}, <thanks>. {We can start with the two things you are unsure about|Let us begin with your \
         points} and {see how far we get|take it from there}. {I have sent the invitation.|The invitation is in your \
         calendar.}",
        "{Got it|Received|It is in my calendar}, <thanks>. {Looking forward to it|Talk to you on <day>|Until \
         <day>}{!|.}",
    ],
};

pub(super) const NOTES: Story = Story {
    topic: "meeting notes",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "meeting",
            rows: &[
                "our planning meeting",
                "the kick-off",
                "the weekly round",
                "the review session",
                "the workshop",
                "our last catch-up",
                "the team meeting",
                "the retrospective",
                "the design session",
            ],
        },
        Slot {
            names: "step",
            rows: &[
                "collect the open questions",
                "sort the backlog",
                "sketch a first timeline",
                "update the shared page",
                "write a one-page summary",
                "draw the new flow",
                "list who needs to be involved",
            ],
        },
    ],
    subject: "{Notes from <meeting>|<^meeting>: {summary|next steps|notes}|What we agreed in <meeting>|Follow-up to \
              <meeting>|A few points from <meeting>}",
    opening: "<^thanks> for {joining <meeting>|your time in <meeting>|the good discussion in <meeting>}. {Here is what I \
              wrote down|These are my notes, from memory|A <quick> summary of what I took away|So that nothing gets \
              lost, here are the main points}:\n\n- {we keep the current plan|the plan stays as it is}{| for now| \
              until the end of the month}\n- <colleague> will <step>\n- {we meet again on <day>|the next round is on \
              <day>|on <day> we look at the result}\n\n{Did I miss anything|Is anything missing|Did I get that \
              right}? {Please correct me where I am wrong.|Feel free to add to it.|A <quick> yes is enough if it \
              looks right.|I will put it on the shared page afterwards.}",
    replies: [
        "<^thanks> for {writing this up|the summary|taking notes}, {that is how I remember it too|it matches mine}. One \
         {small thing|addition}: {I think we also said that <colleague> would get some help from us|we wanted to ask \
         the other team for their view as well}. {Could you add that?|Would you put that in?}",
        "{Good point|You are right|Indeed}, I {had forgotten that|left that out}. It is {added|in there} now. {Do you \
         want to ask them|Shall I ask them|Would you like to take that on}, or {is it better if <colleague> does|should \
         it wait until <day>}?",
        "{I am happy to do it|I can take that|Leave it with me}. {I see two of them at lunch anyway|It is a <quick> \
         message}, and {then we know before <day>|that gives us an answer in time}.",
        "{Great|Perfect|Very kind}, <thanks>. {I have put your name next to it|I noted it}. {If anything comes up, just \
         tell me|Tell me if they have other ideas}.",
        "{Done|All sorted}: {they like the plan and had only one small wish about the timing|they are fine with it and \
         will join us on <day>}. {See you then.|Until <day>.}",
    ],
};

pub(super) const MOVE: Story = Story {
    topic: "office move",
    slots: &[
        DAYS,
        Slot {
            names: "place",
            rows: &[
                "the third floor",
                "the new building",
                "the old library wing",
                "the rooms by the river",
                "the south side",
                "the corner office",
                "the second floor",
                "the house next door",
            ],
        },
        Slot {
            names: "thing",
            rows: &[
                "the plants",
                "the big table",
                "the coffee machine",
                "the whiteboards",
                "the bookshelf",
                "the standing desks",
                "the old sofa",
                "the notice board",
            ],
        },
    ],
    subject: "{Our move to <place>|Moving to <place>|Office move: {a question|where to put <thing>}|<^place> and \
              <thing>|News about the office move}",
    opening: "<wish> {You may have heard it already|A little news from us}: we are moving to \
              <place> {soon|next month|in a few weeks}{.|, and {everybody is|we are all} rather {excited|curious}.} \
              {Most of it is planned|The list is nearly done|Nearly everything has a place now}, but {we still do not \
              know where to put <thing>|nobody has an idea yet what happens to <thing>|there is some debate about \
              <thing>}.\n\n{You went through this last year|I remember you moved not long ago|You have done this \
              before}. {Is there anything you would do differently|What was the most useful thing you did|Do you have \
              a tip for us}? {Even a small one helps.|We are <glad> of any advice.|I would be curious.}",
    replies: [
        "{Congratulations|How nice|Lovely news}! {Our best idea was to label everything by room, not by person|What \
         helped us most was one person who had the plan and said where things go|We packed one room at a time, and \
         that kept things calm}. {And let in some light|And leave some space}: {we filled every corner and missed it \
         later|you need less furniture than you think}. {Who is looking after the day itself?|How many of you are \
         moving?}",
        "{That is really helpful|What a good tip|Very useful}, <thanks>. {There are fourteen of us|We are a dozen \
         people}, and {two of us run the day|my neighbour and I look after it}. {For <thing> we now think of the \
         hallway|We may put <thing> next to the kitchen}. <ask>",
        "{I like that|That sounds right|Good spot}. {People meet there anyway|It will bring people together}, as long \
         as {the door still opens|there is room to pass}. {Measure it twice!|We got that wrong the first time.}",
        "{Measured and noted|We measured it}: {it fits with a hand to spare|it just fits}. {You must come and see it \
         when we are in|Come by for a coffee once we have unpacked}, {<day>s are quiet|any <day> is good}.",
        "{With pleasure|I would love to}. {Send me a word when the boxes are gone|Tell me when the dust has settled} \
         and {I will bring a plant|I will bring some cake}. {Good luck with the move!|Have a smooth move.}",
    ],
};

pub(super) const PROCESS: Story = Story {
    topic: "a question on a process",
    slots: &[
        COLLEAGUE,
        Slot {
            names: "process",
            rows: &[
                "your weekly review",
                "the way you plan a sprint",
                "your support rota",
                "how you hand over projects",
                "your checklist for new starters",
                "the way you run retrospectives",
                "your release notes",
                "how you sort incoming requests",
                "your meeting-free days",
                "the way you archive old projects",
            ],
        },
    ],
    subject: "{A question about <process>|<^process>: how does it work?|Curious about <process>|<^process>|May I ask \
              about <process>?}",
    opening: "<wish> {<colleague> told me about <process>|I heard from <colleague> about <process>|In our last talk you \
              mentioned <process>}, and {I have been thinking about it since|it stayed with me|we would like to try \
              something like it}. {At the moment we do it by feel|So far everybody here does it a little \
              differently|We have tried a few things, and none of them lasted}.\n\n{Could you tell me|Would you mind \
              telling me} {how you started|what the first step was|who looks after it}, and {how much time it takes \
              each week|what you would leave out today|what surprised you}? {A few lines are plenty.|<norush>.|Short \
              answers are fine.}",
    replies: [
        "{Happy to|Of course|With pleasure}! {We started very small|It began as an experiment}: {one page, one owner, \
         and a look back after four weeks|two people, half an hour a week, and no tool at all}. {What I would leave \
         out today are the long forms|The part that nobody missed was the status table}. {How big is your team \
         now?|How many of you would use it?}",
        "<^thanks>, {that is much simpler than I expected|that is good to know}. {We are nine|There are eight of us}, so \
         {small is just right|it should fit us}. {Did everybody join from the first week|Was everyone on board at \
         once}, or did it {grow|take a while}?",
        "{It took a while|It grew slowly}. {Two were doubtful, and they are the keenest now|Some waited to see whether \
         it would last}. {What helped was to ask them what they would change|It helped to skip it in weeks when nobody \
         needed it}.",
        "{That makes sense|I can picture that}. {We will try it for four weeks|We begin next week}, with {<colleague> \
         as the owner|a very short page}. {May I tell you how it went?|I will report back if you like.}",
        "{Please do|I would like that|Yes, tell me}! {And if it does not fit, change it without a second thought|Keep \
         what works and drop the rest}. {Good luck|Have fun with it}.",
    ],
};

pub(super) const DRAFT: Story = Story {
    topic: "feedback on a draft",
    slots: &[
        DAYS,
        Slot {
            names: "draft",
            rows: &[
                "the draft of the newsletter",
                "your outline",
                "the first version of the guide",
                "the welcome text",
                "your talk",
                "the draft agenda",
                "the new introduction",
                "the annual report's first chapter",
                "the workshop description",
                "the text for the notice board",
            ],
        },
        Slot {
            names: "part",
            rows: &[
                "the opening",
                "the second paragraph",
                "the part in the middle",
                "the last section",
                "the example",
                "the summary",
                "the title",
            ],
        },
    ],
    subject: "{Thoughts on <draft>|<^draft>: {my feedback|a few thoughts|some notes}|I have read <draft>|Feedback on \
              <draft>|<^draft>}",
    opening: "{I have read <draft>|I read <draft> {this morning|on the train|last night}|I finally had a quiet hour for \
              <draft>}, and {I like it a lot|it reads very well|it is in good shape}. {The tone is right|It is clear \
              and friendly|You can hear your voice in it}, and {the order makes sense|it is never too long|I learned \
              something}.\n\n{My only {thought|suggestion} is about <part>|The one thing I would look at again is \
              <part>|If you have time for one change, take <part>}: {it could come a little earlier|it might be \
              shorter|I had to read it twice|one more sentence there would help}. {<ask>|It is only a matter of \
              taste, of course.|You know the readers better than I do.}",
    replies: [
        "<^thanks> for {reading it so {closely|quickly}|taking the time}, {that is a great help|I really appreciate it}. \
         {You are right about <part>|I was unsure about <part> myself}. {I will rework it before <day>|I have an idea \
         how to mend it}. {Was the length all right otherwise?|Did the ending work for you?}",
        "{Yes, it did|Yes, very much}. {I would not touch that|Leave it just as it is}. {Only for <part>|With <part>}, \
         {try reading it aloud|imagine that you tell it to a friend}, {that always helps me|it shows what can go}.",
        "{Good trick|That worked}! {I read it to the cat, and half of it went|I cut four lines and nobody will miss \
         them}. {Would you have another look on <day>|May I send it to you once more}?",
        "{Of course|Gladly|Any time}. {<day> is fine|I have time on <day>}{.|, in the afternoon.} {I am curious how it \
         reads now.|It can only be better.}",
        "{<^thanks> again|Thank you again}! {It goes out on <other>|We publish it on <other>}, and {you have a part in \
         it|it would not be the same without you}.",
    ],
};

pub(super) const CALENDAR: Story = Story {
    topic: "shared calendar",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "tool",
            rows: &[
                "the shared calendar",
                "the room planner",
                "the holiday overview",
                "the project board",
                "the team wiki",
                "the desk plan",
                "the reading list",
                "the ideas page",
            ],
        },
    ],
    subject: "{<^tool>|A small change to <tool>|<^tool>: an idea|Tidying up <tool>|Question about <tool>}",
    opening: "{While looking for a date|When I was planning next week|Yesterday}, I noticed that <tool> has become \
              {rather full|a bit messy|hard to read}. {Old entries are never removed|Some things are in there \
              twice|Everybody uses other colours}, and {I missed a meeting because of it|<colleague> and I nearly \
              took the same room|it takes a while to find anything}.\n\n{Would it be all right if I|May I|Shall I} \
              {tidy it up a little|clear out what is older than a year|agree on three colours with \
              <colleague>}{?| on <day>?} {Nothing would be lost|I would keep a copy|I would not touch anything \
              recent}. {<ask>|If you would rather keep it, that is fine too.}",
    replies: [
        "{Please do|Yes, by all means|Go ahead}! {I stopped looking at it|I had given up on it} {some time|a while} ago, \
         for {just that reason|the same reason}. {Could you keep the entries of the last autumn|Would you leave the \
         recurring ones in}? {We still need them.|People count on them.}",
        "{Sure|Of course|No problem}, {those stay|I will leave them alone}. {I will start on <day>|<day> is a quiet \
         day}, and {it should be done by <other>|by <other> it will look better}. {Any wish for the colours?|Do you \
         have a favourite colour for the team?}",
        "{Green for us|Blue for meetings}, {please|if I may choose}, and {grey for everything that is not certain yet|\
         something quiet for the rest}. {That would make it readable|Then I would use it again}.",
        "{Done|It is done}: {it is now half as long, and <colleague> is happy too|we are down to three colours}. {Have a \
         look when you can|Tell me if something is missing}.",
        "{What a difference|Much better|It looks great}, <thanks>! {I found my own week in a second|I could see at once \
         that <other> is free}. {Nicely done.|That was worth the effort.}",
    ],
};

pub(super) const TRAINING: Story = Story {
    topic: "a course",
    slots: &[
        DAYS,
        COLLEAGUE,
        Slot {
            names: "course",
            rows: &[
                "the presentation course",
                "the writing workshop",
                "the photography class",
                "the spreadsheet course",
                "the course on facilitation",
                "the Spanish evening class",
                "the drawing class",
                "the project planning course",
                "the public speaking evening",
            ],
        },
    ],
    subject: "{<^course>|Thinking about <course>|Have you heard of <course>?|<^course>: worth it?|A question about \
              <course>}",
    opening: "<wish> {I am thinking of joining <course>|I have my eye on <course>|<colleague> recommended <course> to \
              me}{.|, it begins {in two weeks|next month|on a <day>}.} {It is one evening a week|There are six \
              evenings|It runs over five weeks}, and {I would like to learn it properly at last|I have wanted to do \
              it for years|it would do me good to learn something new}.\n\n{You went to something similar, I think.|I believe you did it last year.|Did you not take it once?} {Was it worth the time|Would you do it again|How much did \
              you practise in between}? {I have until <other> to decide.|<norush>.|A line or two would help.}",
    replies: [
        "{I did|Yes, I did}, and {I would do it again|I still use what I learned}. {The first evening is slow, after \
         that it is a joy|The group makes it, and ours was lovely}. {I practised perhaps an hour a week|You need an \
         hour in between, no more}. {Would you go alone or with <colleague>?|Is <colleague> joining too?}",
        "{That settles it|That is just what I wanted to hear}, <thanks>. {<colleague> may join|I will ask <colleague>}, \
         {two are less likely to skip an evening|it is easier with two}. {Did you need anything for it?|Is there \
         anything I should bring?}",
        "{Only a notebook|Nothing but curiosity|A pencil and some patience}. {And do the small exercises, {they look silly and they work|even the silly ones}|And sit near the front, it helps more than you would think}.",
        "{Noted|I will}! {I have signed up, and so has <colleague>|My name is on the list, and the first evening is on <day>}. {I am a little nervous|I feel like back at school}, in a good way.",
        "{You will enjoy it|Have fun|Wonderful}! {Tell me about the first evening|I want to hear how it was}, and {say \
         hello to the teacher|greet <colleague> from me}.",
    ],
};
