//! What every [`Ownership`] must show.
//!
//! An engine may begin with all shards owned (embedded: by the one node) or with none.

use std::sync::Arc;

use chinwag_core::{
    model::{NodeId, SHARDS, Shard, Term},
    ports::{NodeProfile, NodeRow, Ownership, Renewal, ShardRow},
};

use crate::{OwnershipEngine, time};

/// Lists the cases of [`ownership`](crate::ownership).
#[doc(hidden)]
#[macro_export]
macro_rules! ownership {
    ($then:ident $arguments:tt) => {
        $crate::$then! { $arguments ownership
            a_claim_is_seen_by_all
            each_claim_raises_the_term_by_one
            a_claim_from_an_outdated_state_loses_and_changes_nothing
            of_many_claims_from_the_same_state_at_once_one_wins
            claims_answer_in_the_order_of_the_question
            a_shard_can_be_handed_to_another_node
            every_shard_can_be_claimed_in_one_call
            shards_come_in_order
            the_bound_of_ids_is_kept_for_each_number
            a_living_lease_is_renewed
            claims_and_bounds_are_there_after_reopening
            a_closed_lease_is_renewed_no_more_until_its_number_is_taken_anew
            a_lease_that_was_renewed_since_is_not_closed
            who_had_a_number_before_renews_and_closes_it_no_more
            of_those_who_take_a_number_from_the_same_state_one_gets_it
            what_a_process_says_of_itself_is_told_of_no_other_one
            the_first_secret_proposed_under_a_name_is_everybodys
        }
    };
}

/// Reads a shard's row.
async fn row(ownership: &Arc<dyn Ownership>, shard: u16) -> Option<ShardRow> {
    let rows = ownership.shards().await.unwrap();
    rows.into_iter().find(|row| row.shard == Shard(shard))
}

/// Claims a shard as it is now.
async fn claim(ownership: &Arc<dyn Ownership>, shard: u16, node: u16) -> Term {
    let from = row(ownership, shard).await;
    let claims = [(Shard(shard), from, NodeId(node))];
    ownership.claim(&claims).await.unwrap()[0].unwrap()
}

pub async fn a_claim_is_seen_by_all<E: OwnershipEngine>(engine: E) {
    let term = claim(&engine.ownership(), 7, 3).await;
    let wanted = ShardRow {
        shard: Shard(7),
        owner: NodeId(3),
        term,
    };
    assert_eq!(row(&engine.ownership(), 7).await, Some(wanted));
}

pub async fn each_claim_raises_the_term_by_one<E: OwnershipEngine>(engine: E) {
    let ownership = engine.ownership();
    let first = claim(&ownership, 7, 3).await;
    assert!(first >= Term(1));
    // Its own shard too, as a node does that starts anew.
    for (higher, node) in [(1, 3), (2, 4), (3, 3)] {
        let term = claim(&ownership, 7, node).await;
        assert_eq!(term, Term(first.0 + higher));
    }
}

pub async fn a_claim_from_an_outdated_state_loses_and_changes_nothing<E: OwnershipEngine>(
    engine: E,
) {
    let ownership = engine.ownership();
    let before = row(&ownership, 7).await;
    claim(&ownership, 7, 3).await;
    let now = row(&ownership, 7).await.unwrap();
    let outdated = [
        before,
        None,
        Some(ShardRow {
            owner: NodeId(9),
            ..now
        }),
        Some(ShardRow {
            term: Term(now.term.0 + 1),
            ..now
        }),
    ];
    for from in outdated {
        let answer = ownership.claim(&[(Shard(7), from, NodeId(4))]).await;
        assert_eq!(answer.unwrap(), [None]);
        assert_eq!(row(&ownership, 7).await, Some(now));
    }
}

pub async fn of_many_claims_from_the_same_state_at_once_one_wins<E: OwnershipEngine>(engine: E) {
    let ownership = engine.ownership();
    for shard in 0..10 {
        let from = row(&ownership, shard).await;
        let racers: Vec<_> = (1..=8)
            .map(|node| {
                let ownership = engine.ownership();
                tokio::spawn(async move {
                    let claims = [(Shard(shard), from, NodeId(node))];
                    ownership.claim(&claims).await.unwrap()[0]
                })
            })
            .collect();
        let mut winners = Vec::new();
        for (node, racer) in (1..).zip(racers) {
            let term = racer.await.unwrap();
            winners.extend(term.map(|term| (NodeId(node), term)));
        }
        let holds = row(&ownership, shard).await.unwrap();
        assert_eq!(winners, [(holds.owner, holds.term)]);
    }
}

pub async fn claims_answer_in_the_order_of_the_question<E: OwnershipEngine>(engine: E) {
    let ownership = engine.ownership();
    let raised = claim(&ownership, 2, 3).await;
    let (first, second) = (row(&ownership, 1).await, row(&ownership, 2).await);
    let wrong = Some(ShardRow {
        shard: Shard(3),
        owner: NodeId(77),
        term: Term(77),
    });
    let claims = [
        (Shard(3), wrong, NodeId(5)),
        (Shard(2), second, NodeId(5)),
        (Shard(1), first, NodeId(5)),
    ];
    let terms = ownership.claim(&claims).await.unwrap();
    let first_term = Term(first.map_or(0, |row| row.term.0) + 1);
    assert_eq!(terms, [None, Some(Term(raised.0 + 1)), Some(first_term)]);
    assert!(ownership.claim(&[]).await.unwrap().is_empty());
}

pub async fn a_shard_can_be_handed_to_another_node<E: OwnershipEngine>(engine: E) {
    let ownership = engine.ownership();
    claim(&ownership, 7, 3).await;
    let neighbour = row(&ownership, 8).await;
    let from = row(&ownership, 7).await;
    // The one who hands over names the successor.
    let claims = [(Shard(7), from, NodeId(9))];
    let term = ownership.claim(&claims).await.unwrap()[0].unwrap();
    let now = row(&ownership, 7).await.unwrap();
    assert_eq!((now.owner, now.term), (NodeId(9), term));
    assert_eq!(row(&ownership, 8).await, neighbour);
}

pub async fn every_shard_can_be_claimed_in_one_call<E: OwnershipEngine>(engine: E) {
    let ownership = engine.ownership();
    let rows = ownership.shards().await.unwrap();
    let claims: Vec<_> = (0..SHARDS)
        .map(|shard| {
            let from = rows.iter().find(|row| row.shard == Shard(shard));
            (Shard(shard), from.copied(), NodeId(3))
        })
        .collect();
    let terms = ownership.claim(&claims).await.unwrap();
    assert!(terms.iter().all(Option::is_some));
    let rows = ownership.shards().await.unwrap();
    assert_eq!(rows.len(), usize::from(SHARDS));
    assert!(rows.iter().all(|row| row.owner == NodeId(3)));
}

pub async fn shards_come_in_order<E: OwnershipEngine>(engine: E) {
    let ownership = engine.ownership();
    for shard in [1_023, 0, 256, 255] {
        claim(&ownership, shard, 3).await;
    }
    let rows = ownership.shards().await.unwrap();
    assert!(rows.windows(2).all(|two| two[0].shard < two[1].shard));
    let claimed: Vec<_> = rows
        .iter()
        .filter(|row| row.owner == NodeId(3))
        .map(|row| row.shard.0)
        .collect();
    assert_eq!(claimed, [0, 255, 256, 1_023]);
}

pub async fn the_bound_of_ids_is_kept_for_each_number<E: OwnershipEngine>(engine: E) {
    let ownership = engine.ownership();
    assert_eq!(ownership.ids_up_to(NodeId(3)).await.unwrap(), 0);
    for (node, bound) in [(3, 5_000), (4, 7), (3, 1 << 40)] {
        assert!(
            ownership
                .renew(NodeId(node), 7, renewal(bound))
                .await
                .unwrap()
        );
    }
    assert_eq!(ownership.ids_up_to(NodeId(3)).await.unwrap(), 1 << 40);
    assert_eq!(ownership.ids_up_to(NodeId(4)).await.unwrap(), 7);
    assert_eq!(ownership.ids_up_to(NodeId(5)).await.unwrap(), 0);
}

pub async fn a_living_lease_is_renewed<E: OwnershipEngine>(engine: E) {
    let ownership = engine.ownership();
    for bound in 1..=20 {
        assert!(ownership.renew(NodeId(3), 7, renewal(bound)).await.unwrap());
    }
}

pub async fn claims_and_bounds_are_there_after_reopening<E: OwnershipEngine>(engine: E) {
    let term = claim(&engine.ownership(), 7, 3).await;
    assert!(
        engine
            .ownership()
            .renew(NodeId(3), 7, renewal(5_000))
            .await
            .unwrap()
    );
    let engine = engine.reopen().await;
    let ownership = engine.ownership();
    let now = row(&ownership, 7).await.unwrap();
    assert_eq!((now.owner, now.term), (NodeId(3), term));
    assert_eq!(ownership.ids_up_to(NodeId(3)).await.unwrap(), 5_000);
    assert_eq!(claim(&ownership, 7, 4).await, Term(term.0 + 1));
}

/// A renewal that bounds ids, by a clock that shows the same.
fn renewal(ids_up_to_millis: u64) -> Renewal {
    Renewal {
        ids_up_to_millis,
        clock: time(ids_up_to_millis.cast_signed()),
    }
}

/// Reads a number's row; none embedded, where the store's lock decides who the one node is.
async fn node(ownership: &Arc<dyn Ownership>, number: u16) -> Option<NodeRow> {
    let rows = ownership.nodes().await.unwrap();
    rows.into_iter().find(|row| row.node == NodeId(number))
}

pub async fn a_closed_lease_is_renewed_no_more_until_its_number_is_taken_anew<
    E: OwnershipEngine,
>(
    engine: E,
) {
    let ownership = engine.ownership();
    assert!(ownership.renew(NodeId(3), 7, renewal(5_000)).await.unwrap());
    let Some(row) = node(&ownership, 3).await else {
        return;
    };
    assert_eq!((row.process, row.closed), (7, false));
    assert_eq!(row.clock, Some(time(5_000)));
    for _ in 0..2 {
        assert!(ownership.close(row).await.unwrap());
        assert!(!ownership.renew(NodeId(3), 7, renewal(6_000)).await.unwrap());
    }
    let closed = node(&ownership, 3).await;
    assert!(closed.unwrap().closed);
    assert!(ownership.take(NodeId(3), 8, closed).await.unwrap());
    assert_eq!(ownership.ids_up_to(NodeId(3)).await.unwrap(), 5_000);
    assert!(ownership.renew(NodeId(3), 8, renewal(6_000)).await.unwrap());
    let row = node(&ownership, 3).await.unwrap();
    assert_eq!((row.process, row.closed), (8, false));
}

pub async fn a_lease_that_was_renewed_since_is_not_closed<E: OwnershipEngine>(engine: E) {
    let ownership = engine.ownership();
    assert!(ownership.renew(NodeId(3), 7, renewal(5_000)).await.unwrap());
    let Some(before) = node(&ownership, 3).await else {
        return;
    };
    assert!(ownership.renew(NodeId(3), 7, renewal(5_000)).await.unwrap());
    assert!(!ownership.close(before).await.unwrap());
    let now = node(&ownership, 3).await.unwrap();
    assert!(!now.closed && now.beat != before.beat);
    assert!(ownership.renew(NodeId(3), 7, renewal(5_000)).await.unwrap());
}

pub async fn who_had_a_number_before_renews_and_closes_it_no_more<E: OwnershipEngine>(engine: E) {
    let ownership = engine.ownership();
    assert!(ownership.renew(NodeId(3), 7, renewal(5_000)).await.unwrap());
    let Some(before) = node(&ownership, 3).await else {
        return;
    };
    assert!(ownership.take(NodeId(3), 8, Some(before)).await.unwrap());
    assert!(!ownership.renew(NodeId(3), 7, renewal(9_000)).await.unwrap());
    assert!(!ownership.close(before).await.unwrap());
    assert!(ownership.renew(NodeId(3), 8, renewal(6_000)).await.unwrap());
    assert_eq!(ownership.ids_up_to(NodeId(3)).await.unwrap(), 6_000);
}

pub async fn of_those_who_take_a_number_from_the_same_state_one_gets_it<E: OwnershipEngine>(
    engine: E,
) {
    let ownership = engine.ownership();
    assert!(ownership.renew(NodeId(3), 7, renewal(5_000)).await.unwrap());
    if node(&ownership, 3).await.is_none() {
        return;
    }
    for number in [3, 4] {
        let from = node(&ownership, number).await;
        let racers: Vec<_> = (11..=14)
            .map(|process| {
                let ownership = engine.ownership();
                tokio::spawn(async move {
                    let taken = ownership.take(NodeId(number), process, from).await;
                    taken.unwrap().then_some(process)
                })
            })
            .collect();
        let mut winners = Vec::new();
        for racer in racers {
            winners.extend(racer.await.unwrap());
        }
        let row = node(&ownership, number).await.unwrap();
        assert_eq!(winners, [row.process]);
    }
}

pub async fn what_a_process_says_of_itself_is_told_of_no_other_one<E: OwnershipEngine>(engine: E) {
    let ownership = engine.ownership();
    let first = NodeProfile {
        address: Some("10.0.0.5:8081".into()),
        owns_chats: true,
        indexes_alone: true,
    };
    let second = NodeProfile {
        address: None,
        owns_chats: false,
        indexes_alone: false,
    };
    ownership.introduce(NodeId(3), 7, &first).await.unwrap();
    if ownership.profile(NodeId(3), 7).await.unwrap().is_none() {
        // Embedded nobody asks.
        return;
    }
    ownership.introduce(NodeId(3), 8, &second).await.unwrap();
    for (process, wanted) in [(7, Some(first)), (8, Some(second)), (9, None)] {
        let told = engine.ownership().profile(NodeId(3), process).await;
        assert_eq!(told.unwrap(), wanted);
    }
    assert_eq!(ownership.profile(NodeId(4), 7).await.unwrap(), None);
}

pub async fn the_first_secret_proposed_under_a_name_is_everybodys<E: OwnershipEngine>(engine: E) {
    let proposals = (0..8_u8).map(|nth| {
        let ownership = engine.ownership();
        tokio::spawn(async move { ownership.shared_secret("key", vec![nth; 32]).await })
    });
    let mut told = Vec::new();
    for proposal in proposals.collect::<Vec<_>>() {
        told.push(proposal.await.unwrap().unwrap());
    }
    assert!(told.iter().all(|secret| *secret == told[0]), "{told:?}");
    assert_eq!(told[0].len(), 32);
    let engine = engine.reopen().await;
    let ownership = engine.ownership();
    let later = ownership.shared_secret("key", vec![9; 32]).await.unwrap();
    assert_eq!(later, told[0]);
    let other = ownership.shared_secret("other", vec![9; 32]).await.unwrap();
    assert_eq!(other, [9; 32]);
}

#[cfg(test)]
mod tests {
    use crate::listing::assert_every_case_is_listed;

    assert_every_case_is_listed!(ownership, "ownership.rs");
}
