use async_trait::async_trait;
use chinwag_conformance::{Conversation, chat};
use chinwag_core::{
    memory::{MemorySearch, MemoryStore},
    model::Intervals,
    ports::{Append, IndexState, Rebuild, Scope, SearchPage, SearchRequest},
};

use super::*;

struct Team {
    store: Arc<MemoryStore>,
    search: Arc<MemorySearch>,
}

impl Team {
    fn new() -> Self {
        Self {
            store: Arc::default(),
            search: Arc::default(),
        }
    }

    /// Lets the indexer take everything that is queued, as one batch.
    async fn index(&self) {
        let indexer = Indexer {
            queue: self.store.clone(),
            store: self.store.clone(),
            search: self.search.clone(),
        };
        let mut consumer = self.store.join(QueueGroup::Indexer).await.unwrap();
        let records = consumer.next(1_000).await.unwrap();
        indexer.take(records).await.unwrap();
    }

    async fn append(&self, appends: Vec<Append>) {
        self.store.append(appends).await.unwrap();
    }

    async fn found(&self) -> usize {
        found(&*self.search).await
    }
}

async fn found(search: &dyn SearchIndex) -> usize {
    let request = SearchRequest {
        query: "word".into(),
        scope: Scope(vec![(chat(1), Intervals::from(Seq(1)))]),
        sender: None,
        from: None,
        to: None,
        before: None,
        limit: 100,
    };
    search.search(request).await.unwrap().hits.len()
}

fn talk() -> Conversation {
    Conversation::queued(chat(1), &[QueueGroup::Indexer])
}

#[tokio::test]
async fn a_message_is_found_as_its_last_change_left_it() {
    let team = Team::new();
    let mut talk = talk();
    let (first, second) = (talk.message("ana", "word"), talk.message("ana", "word"));
    let edit = talk.edit(&first.row, "other");
    let third = talk.message("ana", "word");
    let delete = talk.delete(&third.row);
    team.append(vec![first, second, edit, third, delete]).await;
    team.index().await;
    assert_eq!(team.found().await, 1);
    // What was not acknowledged comes again.
    team.index().await;
    assert_eq!(team.found().await, 1);
}

#[tokio::test]
async fn of_a_chat_that_ends_in_the_same_batch_nothing_is_found() {
    let team = Team::new();
    let mut talk = talk();
    let message = talk.message("ana", "word");
    let edit = talk.edit(&message.row, "word again");
    team.append(vec![message, edit]).await;
    team.index().await;
    assert_eq!(team.found().await, 1);
    let later = talk.message("ana", "word");
    let end = talk.end("ana");
    team.append(vec![later, end]).await;
    team.index().await;
    assert_eq!(team.found().await, 0);
}

async fn ended(rebuilder: &Arc<Rebuilder>) -> Report {
    while rebuilder.report().running {
        tokio::task::yield_now().await;
    }
    rebuilder.report()
}

#[tokio::test]
async fn a_rebuild_reads_every_chat_that_is_there_and_tells_how_far_it_is() {
    let team = Team::new();
    let mut appends = Vec::new();
    for id in 1..=3 {
        let mut talk = Conversation::of(chat(id));
        appends.push(talk.make("tea"));
        appends.extend((0..1_500).map(|_| talk.message("ana", "word")));
        if id == 3 {
            appends.push(talk.end("ana"));
        }
    }
    team.append(appends).await;
    team.search.upsert(Vec::new()).await.unwrap();
    let rebuilder = Rebuilder::new(team.store.clone(), team.store.clone(), team.search.clone());
    let rebuilder = Arc::new(rebuilder);
    rebuilder.start();
    rebuilder.start();
    assert!(rebuilder.report().running);
    let report = ended(&rebuilder).await;
    let wanted = Report {
        running: false,
        messages: 3_000,
        of: 3_000,
        failed: None,
    };
    assert_eq!(report, wanted);
    assert_eq!(team.found().await, 100, "as many as were asked for");
    rebuilder.stop().await;
    rebuilder.start();
    assert!(!rebuilder.report().running, "it is leaving");
}

/// An index during whose rebuild the chat ends, after its messages were read and before they are added.
struct EndsMeanwhile {
    team: Team,
    end: Append,
}

#[async_trait]
impl SearchIndex for EndsMeanwhile {
    async fn upsert(&self, documents: Vec<SearchDocument>) -> EngineResult<()> {
        self.team.search.upsert(documents).await
    }

    async fn remove_chat(&self, chat: ChatId) -> EngineResult<()> {
        self.team.search.remove_chat(chat).await
    }

    async fn search(&self, request: SearchRequest) -> EngineResult<SearchPage> {
        self.team.search.search(request).await
    }

    async fn state(&self) -> EngineResult<IndexState> {
        self.team.search.state().await
    }

    async fn rebuild(&self) -> EngineResult<Box<dyn Rebuild>> {
        Ok(Box::new(EndsBefore {
            store: self.team.store.clone(),
            search: self.team.search.clone(),
            end: self.end.clone(),
            rebuild: self.team.search.rebuild().await?,
        }))
    }
}

struct EndsBefore {
    store: Arc<MemoryStore>,
    search: Arc<MemorySearch>,
    end: Append,
    rebuild: Box<dyn Rebuild>,
}

#[async_trait]
impl Rebuild for EndsBefore {
    async fn add(&mut self, documents: Vec<SearchDocument>) -> EngineResult<()> {
        self.store.append(vec![self.end.clone()]).await?;
        self.search.remove_chat(self.end.chat).await?;
        self.rebuild.add(documents).await
    }

    async fn finish(self: Box<Self>) -> EngineResult<()> {
        self.rebuild.finish().await
    }
}

#[tokio::test]
async fn a_chat_that_ends_while_the_index_is_rebuilt_is_not_in_it() {
    let team = Team::new();
    let mut talk = Conversation::of(chat(1));
    team.append(vec![talk.make("tea"), talk.message("ana", "word")])
        .await;
    let end = talk.end("ana");
    let (store, search) = (team.store.clone(), Arc::new(EndsMeanwhile { team, end }));
    let rebuilder = Rebuilder::new(store.clone(), store, search.clone());
    let rebuilder = Arc::new(rebuilder);
    rebuilder.start();
    assert_eq!(ended(&rebuilder).await.messages, 1);
    assert_eq!(found(&*search).await, 0);
}
