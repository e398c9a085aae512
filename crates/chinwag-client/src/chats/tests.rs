use chinwag_proto::{
    Epoch, EventId, Seq, Timestamp,
    frames::LogBody,
    shapes::{
        ChatHead, Event, EventChange, Marks, MembershipChange, MessageStatus, PushPreference,
        Receipt, Role,
    },
};

use super::*;

const CHAT: ChatId = ChatId(1);

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn member(id: &str) -> Member {
    Member {
        user_id: user(id),
        name: None,
        role: Role::Member,
        joined_at: Timestamp::default(),
    }
}

fn message(seq: u64, sender: &str, content: &str) -> Message {
    Message {
        id: EventId(seq * 10),
        chat_id: CHAT,
        seq: Seq(seq),
        sender_id: user(sender),
        client_id: None,
        content: content.into(),
        timestamp: Timestamp::default(),
        client_timestamp: None,
        status: MessageStatus::Sent,
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
        reply_to: None,
        mentions: if content.contains("@ana") {
            vec![user("ana")]
        } else {
            Vec::new()
        },
        metadata: Default::default(),
        reactions: Vec::new(),
        change_seq: Seq(seq),
    }
}

fn chat(head: u64, unread: u64) -> Chat {
    Chat {
        id: CHAT,
        kind: ChatType::Group,
        name: Some("tea".into()),
        role: Role::Member,
        epoch: Epoch(1),
        head: ChatHead {
            seq: Seq(head),
            last_message: None,
        },
        unread,
        unread_capped: None,
        mentions: 0,
        marks: Marks::default(),
        members: Some(["ana", "ben", "chi"].map(member).to_vec()),
        member_count: 3,
        history_visible: None,
        muted_until: None,
        push: PushPreference::All,
    }
}

struct Told(Chats);

impl Told {
    fn new(head: u64, unread: u64) -> Self {
        let mut told = Self(Chats::new(user("ana")));
        let sync = SyncChat {
            chat: chat(head, unread),
            events: Vec::new(),
            limited: false,
        };
        told.tell(ClientEvent::Chat(Box::new(sync)));
        told
    }

    fn tell(&mut self, event: ClientEvent) {
        self.0.apply(&event, Instant::now());
    }

    fn log(&mut self, seq: u64, body: LogBody) {
        self.tell(ClientEvent::Log(Box::new(LogFrame {
            chat_id: CHAT,
            epoch: Epoch(1),
            seq: Seq(seq),
            body,
        })));
    }

    fn say(&mut self, seq: u64, sender: &str, content: &str) {
        let message = message(seq, sender, content);
        self.log(seq, LogBody::Message { message });
    }

    fn event(&mut self, seq: u64, by: &str, change: EventChange) -> LogBody {
        let event = Event {
            id: EventId(seq * 10),
            user_id: user(by),
            timestamp: Timestamp::default(),
            change: Some(change.clone()),
        };
        match change {
            EventChange::Reaction { .. } => LogBody::Reaction { event },
            EventChange::Membership { .. } => LogBody::Membership { event },
            EventChange::Chat { .. } => LogBody::Chat { event },
        }
    }

    fn counts(&self) -> (u64, u64) {
        let chat = self.0.get(CHAT).unwrap().chat();
        (chat.unread, chat.mentions)
    }
}

#[test]
fn what_the_head_covers_is_counted_already_and_what_comes_after_is_counted_once() {
    let mut told = Told::new(5, 2);
    told.say(5, "ben", "in the snapshot");
    assert_eq!(told.counts(), (2, 0));
    told.say(6, "ben", "@ana, news");
    told.say(7, "ana", "mine never counts");
    assert_eq!(told.counts(), (3, 1));
    told.say(6, "ben", "@ana, news");
    assert_eq!(told.counts(), (3, 1));
}

#[test]
fn an_answer_that_live_messages_have_overtaken_counts_nothing_away() {
    let mut told = Told::new(5, 0);
    told.say(6, "ben", "news");
    told.0.put(chat(5, 0));
    assert_eq!(told.counts(), (1, 0));
    told.0.put(chat(7, 3));
    assert_eq!(told.counts(), (3, 0));
}

#[test]
fn a_deleted_unread_message_no_longer_counts() {
    let mut told = Told::new(0, 0);
    told.say(1, "ben", "@ana?");
    let tombstone = Message {
        status: MessageStatus::Deleted,
        content: String::new(),
        mentions: Vec::new(),
        change_seq: Seq(2),
        ..message(1, "ben", "")
    };
    let body = LogBody::MessageDeleted {
        event_id: EventId(20),
        message: tombstone,
    };
    told.log(2, body.clone());
    assert_eq!(told.counts(), (0, 0));
    told.log(2, body);
    assert_eq!(told.counts(), (0, 0));
}

#[test]
fn reading_here_or_on_another_device_leaves_what_comes_after_the_mark() {
    let mut told = Told::new(0, 0);
    for seq in 1..=4 {
        told.say(seq, "ben", "@ana");
    }
    told.0.read_up_to(CHAT, EventId(20));
    assert_eq!(told.counts(), (2, 2));
    told.tell(ClientEvent::Receipt(ReceiptFrame::Member(Receipt {
        chat_id: CHAT,
        user_id: user("ana"),
        delivered_message_id: None,
        last_read_message_id: Some(EventId(40)),
    })));
    assert_eq!(told.counts(), (0, 0));
    told.0.read_up_to(CHAT, EventId(20));
    assert_eq!(told.counts(), (0, 0), "a mark never moves back");
}

#[test]
fn a_change_that_came_before_changes_nothing() {
    let mut told = Told::new(0, 0);
    told.say(1, "ben", "one");
    let edit = |content: &str, seq| LogBody::MessageEdited {
        event_id: EventId(seq * 10),
        message: Message {
            change_seq: Seq(seq),
            ..message(1, "ben", content)
        },
    };
    told.log(3, edit("three", 3));
    told.log(2, edit("two", 2));
    let view = told.0.get(CHAT).unwrap();
    assert_eq!(view.message(EventId(10)).unwrap().content, "three");
}

#[test]
fn a_reaction_shows_its_result_and_goes_at_zero() {
    let mut told = Told::new(0, 0);
    told.say(1, "ben", "one");
    for (seq, by, on, count) in [
        (2, "chi", true, 1),
        (3, "ana", true, 2),
        (3, "ana", true, 2),
    ] {
        let change = EventChange::Reaction {
            message_id: EventId(10),
            key: "👍".into(),
            on,
            count,
        };
        let body = told.event(seq, by, change);
        told.log(seq, body);
    }
    let reaction = |told: &Told| {
        let view = told.0.get(CHAT).unwrap();
        view.message(EventId(10)).unwrap().reactions.clone()
    };
    let shown = reaction(&told);
    assert_eq!((shown[0].count, shown[0].mine), (2, Some(true)));
    let change = EventChange::Reaction {
        message_id: EventId(10),
        key: "👍".into(),
        on: false,
        count: 0,
    };
    let body = told.event(4, "ana", change);
    told.log(4, body);
    assert!(reaction(&told).is_empty());
}

#[test]
fn members_come_and_go() {
    let mut told = Told::new(0, 0);
    let change = |change, who: &str| EventChange::Membership {
        change,
        user_ids: vec![user(who)],
        role: None,
        heir: None,
    };
    let added = told.event(1, "ben", change(MembershipChange::Added, "dee"));
    told.log(1, added.clone());
    told.log(1, added);
    let removed = told.event(2, "ben", change(MembershipChange::Removed, "chi"));
    told.log(2, removed);
    let view = told.0.get(CHAT).unwrap();
    let members = view.members().iter().map(|member| member.user_id.as_str());
    assert_eq!(members.collect::<Vec<_>>(), ["ana", "ben", "dee"]);
    assert_eq!(view.chat().member_count, 3);
}

#[test]
fn a_message_is_sent_then_delivered_then_read_by_all_others() {
    let mut told = Told::new(0, 0);
    told.say(1, "ana", "hello");
    let mut marked = |who: &str, delivered, read| {
        told.tell(ClientEvent::Receipt(ReceiptFrame::Member(Receipt {
            chat_id: CHAT,
            user_id: user(who),
            delivered_message_id: delivered,
            last_read_message_id: read,
        })));
        let progress = told.0.progress(&message(1, "ana", "hello")).unwrap();
        (progress.delivered, progress.read, progress.is_read())
    };
    let here = Some(EventId(10));
    assert_eq!(marked("ana", here, here), (0, 0, false), "the own mark");
    assert_eq!(marked("ben", here, None), (1, 0, false));
    assert_eq!(marked("ben", here, here), (1, 1, false));
    assert_eq!(marked("chi", None, here), (2, 2, true));
}

#[test]
fn typing_ends_by_itself_and_with_the_message() {
    let mut chats = Told::new(0, 0);
    let began = Instant::now();
    let typing = |who: &str| ClientEvent::Typing {
        chat_id: CHAT,
        user_ids: vec![user(who)],
        count: 1,
    };
    chats.0.apply(&typing("ben"), began);
    chats.0.apply(&typing("chi"), began);
    assert_eq!(chats.0.typing(CHAT, began).len(), 2);
    chats.say(1, "ben", "there");
    assert_eq!(chats.0.typing(CHAT, began), [&user("chi")]);
    let later = began + Duration::from_secs(7);
    assert!(chats.0.typing(CHAT, later).is_empty());
}

#[test]
fn a_name_that_two_share_is_ambiguous_as_is_another_users_id() {
    let mut chats = Chats::new(user("ana"));
    let named = |id: &str, name: &str| User {
        id: user(id),
        name: Some(name.into()),
        disabled: false,
    };
    chats.learn_users(&[named("ben", "Ben"), named("mallory", "ben")]);
    assert!(!chats.is_ambiguous(&user("ben")));
    assert!(chats.is_ambiguous(&user("mallory")));
    chats.learn_users(&[named("mallory", "Ben")]);
    assert!(chats.is_ambiguous(&user("ben")) && chats.is_ambiguous(&user("mallory")));
}

#[test]
fn messages_kept_are_bounded() {
    let mut told = Told::new(0, 0);
    let many = (1..=view::MESSAGES as u64 + 10).map(|seq| message(seq, "ben", "x"));
    told.0.remember(CHAT, many);
    let view = told.0.get(CHAT).unwrap();
    assert_eq!(view.messages().count(), view::MESSAGES);
    assert!(view.message(EventId(10)).is_none());
}
