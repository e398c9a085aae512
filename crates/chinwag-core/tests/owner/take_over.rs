//! What a new owner finds at a chat's end, and how it comes to be the owner (rules O2, O3, T2, T4).

use std::{sync::Arc, time::Duration};

use chinwag_core::{
    Clock as _,
    clock::ManualClock,
    memory::Memory,
    model::{LogRow, MemberRow, NodeId, RowBody, Shard, StoredMessage, Term, UserRow, row::Target},
    owner::{Command, NewGroup, Outcome, Owner, OwnerPorts, OwnerSettings, take_free_number},
    ports::{
        Accounts, Append, Directory as _, Follow, GroupSet, MessageStore, NodeProfile, Order,
        Ownership, ReadRange, Renewal,
    },
};
use chinwag_proto::{
    ChatId, ClientId, ErrorCode, EventId, Problem, Seq, Timestamp,
    shapes::{HistoryVisible, MembershipChange, Role},
};

use crate::fixture::{NOW, caller, text_once, user};

/// Several nodes' owners over the same engines.
struct Cluster {
    memory: Memory,
    clock: Arc<ManualClock>,
}

impl Cluster {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let memory = Memory::new(clock.clone());
        let users = ["ana", "ben"].map(|name| UserRow::new(user(name), NOW));
        memory.store.create_users(users.into()).await.unwrap();
        Self { memory, clock }
    }

    async fn node(&self, number: u16) -> Arc<Owner> {
        self.process(number, u64::from(number)).await.unwrap()
    }

    async fn process(&self, number: u16, process: u64) -> Result<Arc<Owner>, Problem> {
        self.start(number, process, &self.clock).await
    }

    /// Starts a process that goes by a clock.
    async fn start(
        &self,
        number: u16,
        process: u64,
        clock: &Arc<ManualClock>,
    ) -> Result<Arc<Owner>, Problem> {
        self.start_as(number, process, clock, NodeProfile::default())
            .await
    }

    /// Starts a process that says something of itself.
    async fn start_as(
        &self,
        number: u16,
        process: u64,
        clock: &Arc<ManualClock>,
        profile: NodeProfile,
    ) -> Result<Arc<Owner>, Problem> {
        let settings = OwnerSettings {
            node: NodeId(number),
            process,
            sole: false,
            profile,
            ..OwnerSettings::default()
        };
        let ports = OwnerPorts {
            clock: clock.clone(),
            ..self.memory.owner_ports_of(settings.node)
        };
        Owner::start(ports, settings).await
    }

    async fn log(&self, chat: ChatId) -> Vec<LogRow> {
        let range = ReadRange {
            from: Seq(1),
            through: Seq(1_000),
            limit: 1_000,
            order: Order::Rising,
            messages_only: false,
        };
        self.memory.store.read(chat, range).await.unwrap()
    }

    /// Lets time pass for leases, and for what runs by the runtime's clock, a second at a time.
    async fn pass(&self, seconds: u64) {
        for _ in 0..seconds {
            self.clock.advance(1_000);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Writes a message as an owner did who then died, at a place after the last row.
    async fn left(&self, chat: ChatId, above: u64, term: u32, client_id: &str) -> LogRow {
        let log = self.log(chat).await;
        let last = log.last().unwrap();
        self.left_at(chat, last, Seq(last.seq.0 + above), term, client_id)
            .await
    }

    async fn left_at(
        &self,
        chat: ChatId,
        last: &LogRow,
        seq: Seq,
        term: u32,
        client_id: &str,
    ) -> LogRow {
        let message = StoredMessage {
            content: client_id.into(),
            change_seq: seq,
            ..StoredMessage::default()
        };
        let row = LogRow {
            term: Term(term),
            confirmed: last.confirmed,
            seq,
            id: EventId(last.id.0 + seq.0 + u64::from(term)),
            count: last.count + 1,
            client_id: Some(ClientId::new(client_id).unwrap()),
            digest: Some(0),
            body: RowBody::Message(Arc::new(message)),
            ..last.clone()
        };
        let append = Append {
            chat,
            row: row.clone(),
            follows: Vec::new(),
            groups: GroupSet::NONE,
        };
        self.memory.store.append(vec![append]).await.unwrap();
        row
    }
}

async fn group(owner: &Arc<Owner>) -> ChatId {
    let group = NewGroup {
        name: "tea".into(),
        members: vec![user("ben")],
        history_visible: HistoryVisible::All,
        client_id: None,
    };
    owner.create_group(&caller("ana"), group).await.unwrap()
}

async fn send(owner: &Arc<Owner>, chat: ChatId, client_id: &str) -> Seq {
    let command = text_once(client_id, client_id);
    let outcome = owner.execute(&caller("ana"), chat, command).await.unwrap();
    let Outcome::Message { message, .. } = outcome else {
        panic!("not a message: {outcome:?}");
    };
    message.seq
}

fn said(log: &[LogRow]) -> Vec<&str> {
    log.iter()
        .filter_map(|row| Some(row.message()?.content.as_str()))
        .collect()
}

#[tokio::test]
async fn what_landed_before_a_take_over_unconfirmed_is_adopted_and_no_term_in_between_takes_its_place()
 {
    let cluster = Cluster::new().await;
    let owner = cluster.node(1).await;
    let chat = group(&owner).await;
    send(&owner, chat, "one").await;
    let log = cluster.log(chat).await;
    let last = log.last().unwrap().clone();
    let adopted = cluster.left(chat, 1, 1, "left").await;
    // Two terms later, so that the one in between never wrote.
    owner.take_over(Shard::of(chat)).await.unwrap();
    let term = owner.take_over(Shard::of(chat)).await.unwrap();
    assert_eq!(term, Term(3));
    let next = send(&owner, chat, "next").await;
    assert_eq!(next, Seq(adopted.seq.0 + 2), "after a term event");
    // Now its write lands, at the adopted place.
    cluster.left_at(chat, &last, adopted.seq, 2, "late").await;
    let log = cluster.log(chat).await;
    assert_eq!(said(&log), ["one", "left", "next"]);
    let row = &log[usize::try_from(adopted.seq.0).unwrap() - 1];
    assert_eq!((row.term, row.id), (Term(1), adopted.id));
    let (ana, request) = (user("ana"), ClientId::new("left").unwrap());
    let found = cluster.memory.store.sent(chat, &ana, &request).await;
    assert_eq!(found.unwrap(), Some((adopted.seq, adopted.id)));
    owner.stop().await;
}

#[tokio::test]
async fn what_lies_behind_a_hole_is_dropped_and_its_place_given_anew() {
    let cluster = Cluster::new().await;
    let owner = cluster.node(1).await;
    let chat = group(&owner).await;
    let one = send(&owner, chat, "one").await;
    let dropped = cluster.left(chat, 2, 1, "behind-a-hole").await;
    owner.take_over(Shard::of(chat)).await.unwrap();
    let next = send(&owner, chat, "next").await;
    assert_eq!((next, next), (Seq(one.0 + 2), dropped.seq));
    assert_eq!(said(&cluster.log(chat).await), ["one", "next"]);
    let again = send(&owner, chat, "behind-a-hole").await;
    assert_eq!(again, next.next(), "it was never stored, so it is now");
    owner.stop().await;
}

#[tokio::test]
async fn who_was_added_behind_a_hole_is_no_member_to_the_new_owner_and_can_be_added() {
    let cluster = Cluster::new().await;
    let cem = UserRow::new(user("cem"), NOW);
    cluster.memory.store.create_users(vec![cem]).await.unwrap();
    let owner = cluster.node(1).await;
    let chat = group(&owner).await;
    send(&owner, chat, "one").await;
    let log = cluster.log(chat).await;
    let last = log.last().unwrap();
    let seq = Seq(last.seq.0 + 2);
    let ben = [user("ben")];
    let ben = cluster.memory.store.memberships(chat, &ben).await.unwrap();
    let member = MemberRow {
        user: user("cem"),
        joined_seq: seq,
        ..ben[0].clone().unwrap().member
    };
    let added = LogRow {
        seq,
        id: EventId(last.id.0 + 1),
        client_id: None,
        digest: None,
        body: RowBody::Membership {
            change: MembershipChange::Added,
            users: vec![user("cem")],
            role: Some(Role::Member),
            heir: None,
        },
        ..last.clone()
    };
    let late = Append {
        chat,
        row: added,
        follows: vec![Follow::Member(member)],
        groups: GroupSet::NONE,
    };
    cluster.memory.store.append(vec![late]).await.unwrap();
    owner.take_over(Shard::of(chat)).await.unwrap();
    let add = Command::AddMembers {
        users: vec![user("cem")],
        role: Role::Member,
        client_id: None,
    };
    owner.execute(&caller("ana"), chat, add).await.unwrap();
    let events = cluster.log(chat).await;
    let joined = events.last().unwrap();
    assert!(
        matches!(joined.body, RowBody::Membership { .. }),
        "{joined:?}"
    );
    let cem = [user("cem")];
    let found = cluster.memory.store.memberships(chat, &cem).await.unwrap();
    assert_eq!(found[0].as_ref().unwrap().member.joined_seq, joined.seq);
    owner.stop().await;
}

#[tokio::test]
async fn a_row_of_the_old_term_that_lands_above_the_new_terms_head_is_ignored() {
    let cluster = Cluster::new().await;
    let owner = cluster.node(1).await;
    let chat = group(&owner).await;
    send(&owner, chat, "one").await;
    owner.take_over(Shard::of(chat)).await.unwrap();
    let two = send(&owner, chat, "two").await;
    let late = cluster.left(chat, 1, 1, "late").await;
    assert_eq!(late.seq, two.next());
    // Loaded anew under a third term, as by another node.
    owner.take_over(Shard::of(chat)).await.unwrap();
    let three = send(&owner, chat, "three").await;
    assert_eq!(three, Seq(two.0 + 2));
    assert_eq!(said(&cluster.log(chat).await), ["one", "two", "three"]);
    owner.stop().await;
}

/// Nobody would ever confirm it, and who sent it would wait for ever.
#[tokio::test(start_paused = true)]
async fn a_request_whose_row_landed_late_above_the_new_terms_head_is_stored_when_it_is_sent_again()
{
    let cluster = Cluster::new().await;
    let owner = cluster.node(1).await;
    let chat = group(&owner).await;
    let one = send(&owner, chat, "one").await;
    owner.take_over(Shard::of(chat)).await.unwrap();
    owner.heads(&[chat]).await.unwrap();
    let late = cluster.left(chat, 2, 1, "late").await;
    assert_eq!(
        late.seq,
        Seq(one.0 + 2),
        "where a term event and a message go"
    );
    let again = send(&owner, chat, "late").await;
    assert_eq!(again, late.seq);
    let log = cluster.log(chat).await;
    assert_eq!(said(&log), ["one", "late"]);
    assert_ne!(log.last().unwrap().id, late.id);
    owner.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_so_already_is_acknowledged_though_the_new_term_wrote_nothing_yet() {
    let cluster = Cluster::new().await;
    let owner = cluster.node(1).await;
    let chat = group(&owner).await;
    owner.take_over(Shard::of(chat)).await.unwrap();
    let ben = Command::AddMembers {
        users: vec![user("ben")],
        role: Role::Member,
        client_id: None,
    };
    let before = cluster.log(chat).await.len();
    owner.execute(&caller("ana"), chat, ben).await.unwrap();
    assert_eq!(cluster.log(chat).await.len(), before);
    owner.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_lapsed_goes_on_under_another_term() {
    let cluster = Cluster::new().await;
    let owner = cluster.node(1).await;
    let chat = group(&owner).await;
    send(&owner, chat, "one").await;
    // As a process that was stopped for so long that its lease ended, but not for so long that others saw it.
    cluster.clock.advance(8_000);
    let refused = owner
        .execute(&caller("ana"), chat, text_once("x", "x"))
        .await;
    assert!(refused.unwrap_err().retryable);
    tokio::time::sleep(Duration::from_secs(4)).await;
    send(&owner, chat, "two").await;
    let log = cluster.log(chat).await;
    assert_eq!(log.last().unwrap().term, Term(2));
    assert_eq!(said(&log), ["one", "two"]);
    owner.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_dies_is_closed_and_its_shards_are_claimed_within_15_seconds() {
    let cluster = Cluster::new().await;
    let dies = cluster.node(1).await;
    let chat = group(&dies).await;
    send(&dies, chat, "one").await;
    let survives = cluster.node(2).await;
    let refused = survives
        .execute(&caller("ana"), chat, text_once("x", "x"))
        .await;
    assert!(refused.is_err(), "another node owns it");
    cluster.pass(5).await;
    // It renews no more, and doesn't say goodbye.
    dies.stop().await;
    cluster.pass(15).await;
    assert_eq!(send(&survives, chat, "two").await, Seq(5));
    let log = cluster.log(chat).await;
    assert_eq!(said(&log), ["one", "two"]);
    assert_eq!(log.last().unwrap().term, Term(2));
    // A closed node must start anew under another number.
    let renewal = Renewal {
        ids_up_to_millis: 1,
        clock: Timestamp::default(),
    };
    let store = &cluster.memory.store;
    let renewed = store.renew(NodeId(1), 1, renewal).await.unwrap();
    assert!(!renewed);
    survives.stop().await;
}

#[tokio::test(start_paused = true)]
async fn living_nodes_close_each_other_never() {
    let cluster = Cluster::new().await;
    let (one, two) = (cluster.node(1).await, cluster.node(2).await);
    let chat = group(&one).await;
    cluster.pass(60).await;
    send(&one, chat, "still-mine").await;
    let nodes = cluster.memory.store.nodes().await.unwrap();
    assert!(nodes.iter().all(|node| !node.closed), "{nodes:?}");
    one.stop().await;
    two.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_drains_leaves_its_shards_at_once() {
    let cluster = Cluster::new().await;
    let drains = cluster.node(1).await;
    let chat = group(&drains).await;
    send(&drains, chat, "one").await;
    let stays = cluster.node(2).await;
    drains.leave().await.unwrap();
    let refused = drains
        .execute(&caller("ana"), chat, text_once("x", "x"))
        .await;
    assert!(refused.is_err(), "it owns nothing any more");
    cluster.pass(2).await;
    send(&stays, chat, "two").await;
    assert_eq!(said(&cluster.log(chat).await), ["one", "two"]);
    drains.stop().await;
    stays.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_owns_no_chats_reads_who_owns_them_seldom_and_at_once_where_it_called_in_vain()
{
    let cluster = Cluster::new().await;
    let one = cluster.node(1).await;
    let chat = group(&one).await;
    let profile = NodeProfile {
        owns_chats: false,
        ..NodeProfile::default()
    };
    let calls = cluster
        .start_as(3, 3, &cluster.clock, profile)
        .await
        .unwrap();
    cluster.pass(5).await;
    let takes = cluster.node(2).await;
    let mine = async |owner: &Arc<Owner>| {
        owner.take_over(Shard::of(chat)).await.unwrap();
        cluster.pass(1).await;
        calls.owner_of(chat)
    };
    calls.look_soon();
    assert_eq!(mine(&takes).await, Some(NodeId(2)), "it was asked to look");
    assert_eq!(mine(&one).await, Some(NodeId(2)), "nobody said a word");
    cluster.pass(30).await;
    assert_eq!(calls.owner_of(chat), Some(NodeId(1)));
    let rows = cluster.memory.store.nodes().await.unwrap();
    let row = rows.into_iter().find(|row| row.node == NodeId(1)).unwrap();
    assert!(cluster.memory.store.close(row).await.unwrap());
    cluster.pass(3).await;
    assert_eq!(calls.owner_of(chat), Some(NodeId(2)), "its lease is closed");
    for owner in [one, takes, calls] {
        owner.stop().await;
    }
}

/// Counts the shards of a node.
async fn shards_of(cluster: &Cluster, node: u16) -> usize {
    let rows = cluster.memory.store.shards().await.unwrap();
    rows.iter().filter(|row| row.owner == NodeId(node)).count()
}

#[tokio::test(start_paused = true)]
async fn a_node_that_joins_is_given_its_share_and_one_that_leaves_gives_it_back() {
    let cluster = Cluster::new().await;
    let one = cluster.node(1).await;
    let mut chats = Vec::new();
    for _ in 0..40 {
        let chat = group(&one).await;
        send(&one, chat, "one").await;
        chats.push(chat);
    }
    let two = cluster.node(2).await;
    cluster.pass(5).await;
    assert_eq!(
        (shards_of(&cluster, 1).await, shards_of(&cluster, 2).await),
        (512, 512)
    );
    let mut at_two = 0;
    for chat in &chats {
        assert!(one.owns(*chat) != two.owns(*chat), "one owner each");
        let (owner, other) = if two.owns(*chat) {
            (&two, &one)
        } else {
            (&one, &two)
        };
        at_two += usize::from(two.owns(*chat));
        let command = text_once("elsewhere", "elsewhere");
        let refused = other.execute(&caller("ana"), *chat, command).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::NotOwner);
        assert_eq!(other.owner_of(*chat), Some(owner.node()));
        assert!(
            other.heads(&[*chat]).await.is_err(),
            "only the owner tells where it ends"
        );
        send(owner, *chat, "two").await;
    }
    assert!((1..40).contains(&at_two));
    two.leave().await.unwrap();
    assert_eq!(shards_of(&cluster, 2).await, 0);
    cluster.pass(2).await;
    for chat in chats {
        send(&one, chat, "three").await;
        assert_eq!(said(&cluster.log(chat).await), ["one", "two", "three"]);
    }
    one.stop().await;
    two.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_an_owner_before_left_behind_a_hole_is_told_as_a_chats_end_to_nobody() {
    let cluster = Cluster::new().await;
    let owner = cluster.node(1).await;
    let chat = group(&owner).await;
    let one = send(&owner, chat, "one").await;
    cluster.left(chat, 2, 1, "behind-a-hole").await;
    owner.take_over(Shard::of(chat)).await.unwrap();
    let heads = owner.heads(&[chat]).await.unwrap();
    assert_eq!(heads[0].as_ref().unwrap().seq, one);
    owner.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nodes_without_a_number_take_free_ones_and_those_of_closed_leases_again() {
    let cluster = Cluster::new().await;
    let take = async |process| {
        let store = &cluster.memory.store;
        let profile = NodeProfile::default();
        take_free_number(store, process, &profile).await.unwrap()
    };
    assert_eq!((take(11).await, take(12).await), (NodeId(1), NodeId(2)));
    cluster.memory.store.close_lease(NodeId(1));
    assert_eq!((take(13).await, take(14).await), (NodeId(1), NodeId(3)));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_was_killed_comes_back_under_its_number_once_its_lease_is_over() {
    let cluster = Cluster::new().await;
    let killed = cluster.process(1, 1).await.unwrap();
    let chat = group(&killed).await;
    send(&killed, chat, "one").await;
    // It neither renews nor leaves.
    killed.stop().await;
    let began = tokio::time::Instant::now();
    let anew = cluster.process(1, 2).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(10));
    send(&anew, chat, "two").await;
    let log = cluster.log(chat).await;
    assert_eq!(said(&log), ["one", "two"]);
    assert_eq!(log.last().unwrap().term, Term(2));
    anew.leave().await.unwrap();
    anew.stop().await;
    // Who left is waited for no more.
    let began = tokio::time::Instant::now();
    let third = cluster.process(1, 3).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    send(&third, chat, "three").await;
    third.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_number_that_a_living_process_has_is_refused_to_another() {
    let cluster = Cluster::new().await;
    let lives = cluster.process(1, 1).await.unwrap();
    let chat = group(&lives).await;
    let refused = cluster.process(1, 2).await.err().unwrap();
    assert!(
        refused.detail.contains("another process is node 1"),
        "{refused}"
    );
    send(&lives, chat, "still-mine").await;
    lives.stop().await;
}

#[tokio::test]
async fn an_edit_that_was_cut_short_before_it_took_effect_changes_nothing_and_keeps_its_place() {
    let cluster = Cluster::new().await;
    let owner = cluster.node(1).await;
    let chat = group(&owner).await;
    let one = send(&owner, chat, "one").await;
    let log = cluster.log(chat).await;
    let last = log.last().unwrap();
    // The event is there, the message is as it was: so an owner left it who died between the two.
    let edit = LogRow {
        seq: last.seq.next(),
        id: EventId(last.id.0 + 1),
        previous_message: one,
        client_id: Some(ClientId::new("edit").unwrap()),
        digest: Some(0),
        body: RowBody::Edit(Target {
            seq: one,
            id: last.id,
        }),
        ..last.clone()
    };
    let cut_short = Append {
        chat,
        row: edit.clone(),
        follows: Vec::new(),
        groups: GroupSet::NONE,
    };
    cluster.memory.store.append(vec![cut_short]).await.unwrap();
    owner.take_over(Shard::of(chat)).await.unwrap();
    let next = send(&owner, chat, "next").await;
    assert_eq!(next, Seq(edit.seq.0 + 2), "after a term event");
    let log = cluster.log(chat).await;
    assert_eq!(said(&log), ["one", "next"]);
    let kept = &log[usize::try_from(edit.seq.0).unwrap() - 1];
    assert_eq!((kept.id, &kept.body), (edit.id, &RowBody::Term));
    // Its sender learnt nothing, and tries again under the same id.
    let command = Command::Edit {
        message: last.id,
        content: "edited".into(),
        client_id: Some(ClientId::new("edit").unwrap()),
    };
    let again = owner.execute(&caller("ana"), chat, command).await;
    again.unwrap();
    assert_eq!(said(&cluster.log(chat).await), ["edited", "next"]);
    owner.stop().await;
}

/// Rule I2.
#[tokio::test(start_paused = true)]
async fn a_node_whose_clock_is_wrong_goes_by_the_others() {
    for off_ms in [300_000, -300_000] {
        let cluster = Cluster::new().await;
        let clocks = [0, 200, off_ms].map(|off| Arc::new(ManualClock::at(NOW.plus_millis(off))));
        let mut nodes = Vec::new();
        for (number, clock) in (1..).zip(&clocks) {
            let started = cluster.start(number, u64::from(number), clock).await;
            nodes.push(started.unwrap());
        }
        let pass = async |seconds: u32| {
            for _ in 0..seconds {
                clocks.iter().for_each(|clock| clock.advance(1_000));
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        pass(20).await;
        let corrections = clocks.each_ref().map(|clock| clock.correction_ms());
        assert_eq!(corrections[..2], [0, 0]);
        assert!((corrections[2] + off_ms).abs() < 3_000, "{corrections:?}");
        // Somebody sets it right.
        clocks[2].step_to(NOW.plus_millis(20_000));
        pass(30).await;
        assert_eq!(clocks.each_ref().map(|clock| clock.correction_ms()), [0; 3]);
        for node in nodes {
            node.stop().await;
        }
    }
}

/// Rule I1.
#[tokio::test(start_paused = true)]
async fn a_chat_goes_on_at_once_though_who_had_it_before_had_a_clock_that_was_minutes_fast() {
    let cluster = Cluster::new().await;
    let fast = Arc::new(ManualClock::at(NOW.plus_millis(300_000)));
    let had_it = cluster.start(1, 1, &fast).await.unwrap();
    let chat = group(&had_it).await;
    send(&had_it, chat, "one").await;
    let takes = cluster.node(2).await;
    takes.take_over(Shard::of(chat)).await.unwrap();
    let refused = takes
        .execute(&caller("ana"), chat, text_once("two", "two"))
        .await;
    assert!(refused.unwrap_err().retryable);
    tokio::time::sleep(Duration::from_secs(1)).await;
    send(&takes, chat, "two").await;
    let log = cluster.log(chat).await;
    assert_eq!(said(&log), ["one", "two"]);
    assert!(log.is_sorted_by_key(|row| row.id), "ids rise");
    had_it.stop().await;
    takes.stop().await;
}
