//! Row 11: what is looked for is text, whatever signs it holds.

use crate::{
    pair::Pair,
    place::Engines,
    search_engine::shared_url,
    signs::{FOUND, TEXTS},
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn row_11_a_query_is_text_on_every_node_whatever_signs_it_holds() {
    let pair = Pair::start(&Engines::new().searching(&shared_url())).await;
    let chat = pair.ana.direct(&pair.ben).await;
    let texts = TEXTS;
    for (nth, text) in texts.iter().enumerate() {
        let node = &pair.nodes[nth % 2];
        let ana = pair.ana.at(node);
        ana.surely_say(chat, &format!("r{nth}"), text).await;
    }
    for person in [&pair.ana, &pair.ben] {
        for (query, text) in FOUND {
            person.finds(query, 1).await;
            let found = person.http.search(query, None).await.unwrap();
            assert_eq!(found.hits[0].message.content, texts[text], "{query}");
        }
        let signs = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
        let long = "word ".repeat(2_000);
        let odd = [
            "\"open",
            "(((",
            "[a",
            "NOT x",
            "*",
            "content:call",
            "a\u{0}b",
            &long,
        ];
        for query in signs.split("").chain(odd).filter(|query| !query.is_empty()) {
            match person.http.search(query, None).await {
                Ok(found) => assert!(found.total < texts.len() as u64, "{query} is no wildcard"),
                Err(chinwag_client::ClientError::Refused(problem)) => {
                    assert!((400..500).contains(&problem.status), "{query}: {problem}");
                }
                Err(error) => panic!("{query}: {error}"),
            }
        }
    }
    pair.stop();
}
