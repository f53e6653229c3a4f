//! Challenges: the recipient's side holds a mail back until its sender proves to be a person. Never answered.

use super::letter::Letter;
use super::{Challenge, Report, words};

/// Headers that challenge-response systems leave.
const HEADERS: &[&str] = &[
    "x-challenge",
    "x-cr-hash",
    "x-tmda-fingerprint",
    "x-boxtrapper",
    "x-spamarrest",
    "x-spam-arrest",
    "x-mailblocks",
    "x-ask-auth",
    "x-ask-action",
    "x-qconfirm",
    "x-active-spam-killer",
];

/// Programs that challenge, in X-Mailer, User-Agent, X-Delivery-Agent or From.
const PROGRAMS: &[&str] = &[
    "tmda",
    "boxtrapper",
    "spamarrest",
    "spam arrest",
    "active spam killer",
    "qconfirm",
    "bluebottle",
    "sendio",
    "choicemail",
    "spam lion",
    "vanquish",
    "knowspam",
    "cashette",
    "uol antispam",
    "antispamuol",
    "mailinblack",
    "mail in black",
];

/// Subjects of challenges.
const SUBJECTS: &[&str] = &[
    "please confirm your message",
    "please confirm your email",
    "please confirm your mail",
    "please confirm delivery",
    "confirm your message to",
    "confirm that you are",
    "verify your message",
    "please verify your email to",
    "sender verification",
    "sender authentication required",
    "verification required",
    "confirmation required",
    "action required to deliver",
    "your message to … needs",
    "your email requires verification",
    "message awaiting your",
    "your message is awaiting",
    "authenticate your message",
    "human verification",
    "antispam uol",
    "anti-spam uol",
    "please authenticate",
    "bestätigen sie ihre nachricht",
    "veuillez confirmer votre message",
    "authentification requise",
];

/// Texts of challenges.
const TEXTS: &[&str] = &[
    "your message is being held",
    "message has been held",
    "message is being held until",
    "your message will be delivered once",
    "your message will be delivered after",
    "deliver your message once you",
    "release your message",
    "to prove that you are a human",
    "prove you are human",
    "prove that you are not a",
    "prove you're not a",
    "confirm that you are a real person",
    "confirm that you are human",
    "confirm that you sent",
    "you are not on my list of approved senders",
    "not in my list of approved senders",
    "approved senders list",
    "add you to my list of approved",
    "add yourself to my",
    "added to my allowed list",
    "added to the list of allowed senders",
    "to complete this verification",
    "to complete the verification",
    "click the link below to verify",
    "click the link below to confirm your message",
    "click below to verify",
    "reply to this message to confirm",
    "just reply to this message",
    "simply reply to this message",
    "challenge-response",
    "challenge/response",
    "protected by spam arrest",
    "protected by tmda",
    "one-time verification",
    "one time verification",
    "this is a one-time",
    "solve the captcha",
    "für die zustellung ihrer nachricht",
    "pour que votre message soit délivré",
    "s'assurer que vous êtes",
    "confirme que você não é",
];

/// By what a program says of itself.
pub(super) fn of_headers(letter: &Letter) -> Option<Report> {
    let marked = HEADERS.iter().any(|name| letter.header(name).is_some());
    let agents = ["x-mailer", "user-agent", "x-delivery-agent", "from"];
    let by_program = agents.into_iter().filter_map(|name| letter.header(name)).any(|agent| {
        let agent = agent.to_lowercase();
        words::any(PROGRAMS, &agent)
    });
    let subject = SUBJECTS.iter().any(|row| says(&letter.subject, row));
    let wants = wants_proof(letter);
    let shown = marked || by_program;
    ((shown && (wants || subject)) || (subject && wants)).then(|| report(letter))
}

/// By what is asked for.
pub(super) fn of_text(letter: &Letter) -> Option<Report> {
    let subject = SUBJECTS.iter().any(|row| says(&letter.subject, row));
    let answers = letter.header("in-reply-to").is_some() || letter.header("references").is_some();
    (subject || (answers && wants_proof(letter))).then(|| report(letter))
}

fn wants_proof(letter: &Letter) -> bool {
    words::any(TEXTS, &super::letter::one_line(&letter.notes))
}

fn says(text: &str, row: &str) -> bool {
    let mut rest = text;
    row.split(" … ").all(|part| {
        rest.find(part).is_some_and(|at| {
            rest = &rest[at + part.len()..];
            true
        })
    })
}

fn report(letter: &Letter) -> Report {
    let mut original = letter.answered();
    original.fill(&letter.original);
    Report::Challenge(Challenge { from: letter.from.clone(), original })
}

#[cfg(test)]
mod tests {
    use super::super::{Report, read};
    use super::*;

    #[test]
    fn each_subject_and_each_text_is_one_in_an_answer() {
        for row in SUBJECTS {
            let subject = row.replace(" … ", " you ");
            let mail =
                format!("From: a@b.example\r\nSubject: {subject}\r\nIn-Reply-To: <x@y.example>\r\n\r\nHello\r\n");
            assert!(matches!(read(mail.as_bytes()), Report::Challenge(_)), "{row}");
        }
        for row in TEXTS {
            let mail =
                format!("From: a@b.example\r\nSubject: Re: x\r\nIn-Reply-To: <x@y.example>\r\n\r\nHello, {row}.\r\n");
            let Report::Challenge(challenge) = read(mail.as_bytes()) else { panic!("{row}") };
            assert_eq!(challenge.original.message_id.as_deref(), Some("x@y.example"));
        }
    }
}
