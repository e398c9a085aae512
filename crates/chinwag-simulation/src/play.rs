//! One seed, played.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Result, bail};
use chinwag_conformance::{Faults, Odds};
use chinwag_load::{
    site::Signer,
    verify::{Fault, Options, Report, World, run_in},
};
use chinwag_proto::UserId;
use jsonwebtoken::{EncodingKey, Header};
use rand::{SeedableRng as _, rngs::StdRng};

use crate::{
    cluster::{Cluster, Order, SECRET},
    doors::{Balancer, Doors},
    engines::Engines,
    machine::Machine,
    plant::Plant,
    time::{BEGIN, Time},
    wrong::Wrong,
};

/// How many nodes there are.
const NODES: usize = 3;
/// How long the cast chats.
const CHATS_FOR: Duration = Duration::from_secs(45);
/// For so long only lines fail, so that presence can be judged.
const CALM: Duration = Duration::from_secs(14);
/// By then a run must be over, its end included; simulated.
const LIMIT: Duration = Duration::from_secs(1_800);

/// Plays a seed in this process, on this thread. Errors: it doesn't come to its end.
pub(crate) fn play(seed: u64, plant: Option<Plant>, history: Option<PathBuf>) -> Result<Report> {
    let time = Arc::new(Time::default());
    let options = options(seed, history);
    let doors = Doors::new(NODES, seed);
    let numbers = 0..u64::try_from(NODES)?;
    let faults: Vec<Faults> = numbers
        .map(|number| Faults::seeded(seed ^ (number << 32), Odds::default()))
        .collect();
    let bus = Faults::seeded(seed ^ (1 << 40), Odds::default());
    let engines = Engines::new(&time, &bus, plant);
    let members = World::direct_max_members(&options);
    let mut cluster = Cluster::new(&faults, &time, engines, &doors, members, plant)?;
    for node in 0..NODES {
        cluster.obey(Order::Start(node))?;
    }
    let orders = Arc::clone(cluster.orders());
    let world = World {
        network: Arc::new(Balancer(Arc::clone(&doors))),
        tokens: signer(),
        clock: {
            let time = Arc::clone(&time);
            Arc::new(move || u64::try_from(time.elapsed().as_nanos()).unwrap_or(u64::MAX))
        },
        calm: CALM,
    };
    let mut clients = Machine::start()?;
    let running = async {
        while !doors.are_all_open() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let going_wrong = |scene| {
            Wrong {
                scene,
                orders,
                doors: Arc::clone(&doors),
                faults: faults.clone(),
                bus: bus.clone(),
                random: StdRng::seed_from_u64(seed),
                happened: BTreeMap::new(),
            }
            .happen(CALM)
        };
        run_in(world, &options, going_wrong).await
    };
    let mut running = Box::pin(running);
    loop {
        if let Some(report) = clients.tick_with(&mut running) {
            return report;
        }
        cluster.tick()?;
        time.tick();
        if time.elapsed() > LIMIT {
            bail!("it doesn't come to its end within {} s", LIMIT.as_secs());
        }
    }
}

fn options(seed: u64, history: Option<PathBuf>) -> Options {
    Options {
        site: Default::default(),
        users: 31,
        devices: 2,
        groups: 3,
        rate: 4.0,
        duration: CHATS_FOR.as_secs_f64(),
        messages: None,
        nodes: u32::try_from(NODES).unwrap_or_default(),
        faults: Some(vec![Fault::None]),
        disturb: Vec::new(),
        disk: 1_024,
        fault_every: 1.0,
        patience: 120.0,
        seed,
        plant: None,
        history,
        check: None,
        json: false,
    }
}

/// Signs tokens by the simulation's time: good since before its beginning, however wrong a clock is.
fn signer() -> Signer {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let now = BEGIN / 1_000;
    Arc::new(move |user: &UserId| {
        let claims = serde_json::json!({"sub": user, "iat": now - 7_200, "exp": now + 86_400});
        jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap_or_default()
    })
}
