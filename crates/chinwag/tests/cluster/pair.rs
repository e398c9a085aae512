//! Two nodes, and two people who talk to one of them each.

use chinwag_proto::ChatId;

use crate::place::{EVERYTHING, Engines, Person, Place, Served};

/// Two nodes, and ana at the first, ben at the second.
pub(crate) struct Pair {
    pub(crate) nodes: [Served; 2],
    pub(crate) ana: Person,
    pub(crate) ben: Person,
    pub(crate) places: [Place; 2],
}

impl Pair {
    pub(crate) async fn start(engines: &Engines) -> Self {
        let places = [
            engines.node(EVERYTHING),
            engines.node(engines.roles_beside()),
        ];
        let nodes = [places[0].serve(), places[1].serve()];
        let (ana, ben) = (
            nodes[0].register("ana").await,
            nodes[1].register("ben").await,
        );
        Self {
            nodes,
            ana,
            ben,
            places,
        }
    }

    /// Makes chats until some surely belong to either node, whoever made them.
    pub(crate) async fn groups(&self) -> Vec<ChatId> {
        let (ana, ben) = (&self.ana, &self.ben);
        let mut chats = Vec::new();
        for (maker, other) in [(ana, ben), (ben, ana), (ana, ben), (ben, ana)] {
            chats.push(maker.group_with(other).await);
        }
        chats
    }

    pub(crate) fn stop(self) {
        let [one, two] = self.nodes;
        one.stop();
        two.stop();
    }
}
