//! Two nodes, and two people who talk to one of them each.

use chinwag_proto::ChatId;

use crate::{
    place::{EVERYTHING, Engines, Person, Place, Served},
    tokens::{SECRET, token},
};

/// Two nodes, and ana at the first, ben at the second.
pub(crate) struct Pair {
    pub(crate) nodes: [Served; 2],
    pub(crate) ana: Person,
    pub(crate) ben: Person,
    pub(crate) places: [Place; 2],
}

impl Pair {
    pub(crate) async fn start(engines: &Engines) -> Self {
        let (places, nodes) = serve(engines);
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

    /// Starts nodes that take the tokens of an app, so that anybody may be somebody.
    pub(crate) async fn start_for_an_app() -> Self {
        let (places, nodes) = serve(&Engines::with(format!("[auth]\njwt_secret = {SECRET:?}")));
        let (ana, ben) = (
            nodes[0].somebody("ana").await,
            nodes[1].somebody("ben").await,
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

fn serve(engines: &Engines) -> ([Place; 2], [Served; 2]) {
    let places = [EVERYTHING, engines.roles_beside()].map(|roles| engines.node(roles));
    let nodes = places.each_ref().map(Place::serve);
    (places, nodes)
}

impl Served {
    /// Lets a user of an app come into being, by a first request.
    pub(crate) async fn somebody(&self, name: &str) -> Person {
        let person = self.person(name, &token(name));
        person.http.me().await.unwrap();
        person
    }
}
