use std::path::Path;

use super::*;

fn from_file(text: &str) -> Result<Config, ConfigError> {
    let mut settings = Settings::default();
    settings.add_file(Path::new("chinwag.toml"), text)?;
    Config::from_settings(settings)
}

fn from_environment(name: &str, text: &str) -> Result<Config, ConfigError> {
    let mut settings = Settings::default();
    settings.add_environment([(name.to_owned(), text.to_owned())])?;
    Config::from_settings(settings)
}

#[test]
fn nothing_configured_is_a_configuration_with_the_protocols_limits() {
    let config = Config::of(&[]).unwrap();
    assert_eq!(config.listen, "127.0.0.1:8080");
    assert_eq!(config.limits, Limits::default());
    assert!(matches!(config.auth.keys, TokenKeys::Own));
}

#[test]
fn the_configurations_for_deploying_can_be_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config");
    let mut read = 0;
    for file in std::fs::read_dir(path).unwrap() {
        let path = file.unwrap().path();
        let mut settings = Settings::default();
        let text = std::fs::read_to_string(&path).unwrap();
        settings.add_file(&path, &text).unwrap();
        // What they leave to the environment: secrets.
        let mut secrets = Vec::new();
        for table in ["cassandra", "opensearch"] {
            if text.contains(&format!("CHINWAG_{}_PASSWORD", table.to_uppercase())) {
                let name = format!("CHINWAG_{}_PASSWORD", table.to_uppercase());
                secrets.push((name, "a password".to_owned()));
            }
        }
        if text.contains("CHINWAG_NODE_KEY") {
            secrets.push(("CHINWAG_NODE_KEY".into(), "k".repeat(32)));
        }
        settings.add_environment(secrets).unwrap();
        let config = Config::from_settings(settings);
        assert!(
            config.is_ok(),
            "{}: {}",
            path.display(),
            config.unwrap_err()
        );
        read += 1;
    }
    assert_eq!(read, 3);
}

#[test]
fn the_example_file_holds_every_key_with_its_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/chinwag.example.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text,
        example(),
        "write it anew: chinwag config --example > docs/chinwag.example.toml"
    );
    let config = from_file(&text).unwrap();
    let defaults = Settings::default();
    for key in KEYS {
        let value = |settings: &Settings| settings.get(key.name).map(|(value, _)| value.clone());
        assert_eq!(value(&config.settings), value(&defaults), "{}", key.name);
        assert!(text.contains(&key.variable()), "{}", key.name);
    }
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    let error = from_file("[auth]\njwt_secert = \"x\"")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("did you mean \"auth.jwt_secret\"?"),
        "{error}"
    );
    let error = from_environment("CHINWAG_LISTENS", "x")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("did you mean \"CHINWAG_LISTEN\"?"),
        "{error}"
    );
    let error = from_file("colour = 1").unwrap_err().to_string();
    assert!(error.contains("no key \"colour\""), "{error}");
}

#[test]
fn a_wrong_kind_is_refused_with_the_key_and_what_it_takes_and_without_the_value() {
    let error = from_file("listen = 8080").unwrap_err().to_string();
    assert!(
        error.contains("listen (chinwag.toml): expected an address"),
        "{error}"
    );
    let error = from_environment("CHINWAG_LIMITS_RATES", "offf")
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "limits.rates (CHINWAG_LIMITS_RATES): expected one of \"on\", \"off\""
    );
}

#[test]
fn a_variable_wins_over_the_file() {
    let mut settings = Settings::default();
    settings
        .add_file(
            Path::new("f.toml"),
            "data_dir = \"/file\"\nlisten = \"[::1]:1\"",
        )
        .unwrap();
    settings
        .add_environment([("CHINWAG_DATA_DIR".to_owned(), "/variable".to_owned())])
        .unwrap();
    let config = Config::from_settings(settings).unwrap();
    assert_eq!(config.data_dir, Path::new("/variable"));
    assert_eq!(config.listen, "[::1]:1");
    let shown = show(&config.settings);
    assert!(
        shown.contains("data_dir = \"/variable\"  # CHINWAG_DATA_DIR"),
        "{shown}"
    );
    assert!(shown.contains("listen = \"[::1]:1\"  # f.toml"), "{shown}");
}

#[test]
fn a_secret_is_never_shown() {
    let secret = "0123456789abcdef0123456789abcdef";
    let config = Config::of(&[("auth.jwt_secret", secret)]).unwrap();
    assert!(!show(&config.settings).contains(secret));
    assert!(!format!("{:?}", config.auth).contains(secret));
    let error = Config::of(&[("auth.jwt_secret", "short")])
        .unwrap_err()
        .to_string();
    assert!(!error.contains("short\""));
}

#[test]
fn what_contradicts_itself_is_refused() {
    assert!(Config::of(&[("tls.cert", "a.pem")]).is_err());
    assert!(Config::of(&[("auth.jwks_file", "a"), ("auth.jwks_url", "b")]).is_err());
}

#[test]
fn redis_and_kafka_are_configured_in_tables_of_their_own() {
    let config = from_file(
        r#"
        [engines]
        presence = "redis"
        bus = "redis"
        [redis]
        urls = ["redis://:hunter2@one:7001", "redis://:hunter2@two:7001"]
        cluster = true
        timeout = "500ms"
        tls_ca = "/etc/ca.pem"
        [kafka]
        brokers = ["one:9092", "two:9092"]
        replication = 2
        "#,
    )
    .unwrap();
    assert_eq!(config.engines.presence, LiveEngine::Redis);
    assert_eq!(config.engines.bus, LiveEngine::Redis);
    assert_eq!(config.redis.urls.len(), 2);
    assert!(config.redis.is_cluster);
    let trusted = config.redis.authorities.as_deref();
    assert_eq!(trusted, Some(Path::new("/etc/ca.pem")));
    assert_eq!(config.redis.timeout, Duration::from_millis(500));
    assert_eq!(config.kafka.brokers, ["one:9092", "two:9092"]);
    assert_eq!(config.kafka.replication, 2);
    let shown = format!("{} {config:?}", show(&config.settings));
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn cassandra_is_configured_in_a_table_of_its_own_and_its_password_is_never_shown() {
    let config = from_file(
        r#"
        [engines]
        store = "cassandra"
        directory = "cassandra"
        queue = "kafka"
        [cassandra]
        contact_points = ["one:9042", "two:9042"]
        keyspace = "talks"
        local_data_center = "fra"
        user = "chinwag"
        password = "hunter2"
        tls_ca = "/etc/ca.pem"
        timeout = "1s"
        "#,
    )
    .unwrap();
    assert_eq!(config.engines.store, StoreEngine::Cassandra);
    let options = &config.cassandra;
    assert_eq!(options.contact_points, ["one:9042", "two:9042"]);
    assert_eq!(options.keyspace, "talks");
    assert_eq!(options.local_data_center.as_deref(), Some("fra"));
    assert_eq!(options.credentials.as_ref().unwrap().1, "hunter2");
    let authorities = &options.tls.as_ref().unwrap().authorities;
    assert_eq!(authorities, Path::new("/etc/ca.pem"));
    assert_eq!(options.timeout, Duration::from_secs(1));
    let shown = format!("{} {config:?}", show(&config.settings));
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn engines_that_would_lose_beside_cassandra_are_refused() {
    let refusal = |pairs| Config::of(pairs).unwrap_err().to_string();
    let cassandra = [
        ("engines.store", "cassandra"),
        ("engines.directory", "cassandra"),
    ];
    let told = refusal(&cassandra[..1]);
    assert!(told.contains("are one engine"), "{told}");
    let told = refusal(&cassandra);
    assert!(told.contains("needs engines.queue = \"kafka\""), "{told}");
    let told = refusal(&[("cassandra.user", "chinwag")]);
    assert!(told.contains("go together"), "{told}");
    let told = refusal(&[("cassandra.contact_points", "")]);
    assert_eq!(told, "cassandra.contact_points needs at least one address");
}

#[test]
fn a_configuration_of_defaults_is_what_the_engines_take_for_themselves() {
    let config = Config::of(&[]).unwrap();
    assert_eq!(config.cassandra, cassandra::Options::default());
    let urls = vec!["redis://127.0.0.1:6379".into()];
    assert_eq!(config.redis, redis::Options::at(urls, false));
    let brokers = vec!["127.0.0.1:9092".into()];
    assert_eq!(config.kafka, kafka::Options::at(brokers));
    let urls = vec!["http://127.0.0.1:9200".into()];
    assert_eq!(config.opensearch, opensearch::Options::at(urls));
}

#[test]
fn opensearch_is_configured_in_a_table_of_its_own_and_its_secrets_are_never_shown() {
    let text = r#"
        [engines]
        store = "cassandra"
        directory = "cassandra"
        queue = "kafka"
        search = "opensearch"
        [opensearch]
        urls = ["https://one:9200", "https://two:9200"]
        index = "talks"
        tls_ca = "/etc/ca.pem"
        bulk_bytes = "8MiB"
        replicas = 2
        "#;
    let signed = format!("{text}user = \"chinwag\"\npassword = \"hunter2\"");
    let config = from_file(&signed).unwrap();
    assert_eq!(config.engines.search, SearchEngine::OpenSearch);
    let options = &config.opensearch;
    assert_eq!(options.urls, ["https://one:9200", "https://two:9200"]);
    assert_eq!(options.index, "talks");
    assert_eq!(
        options.authorities.as_deref(),
        Some(Path::new("/etc/ca.pem"))
    );
    assert_eq!((options.bulk_bytes, options.replicas), (8 << 20, 2));
    let wanted = opensearch::Credentials::Password("chinwag".into(), "hunter2".into());
    assert_eq!(options.credentials, Some(wanted));
    let with_key = from_file(&format!("{text}api_key = \"hunter2\"")).unwrap();
    for config in [config, with_key] {
        let shown = format!("{} {config:?}", show(&config.settings));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn an_opensearch_that_cannot_be_is_refused() {
    let refusal = |pairs| Config::of(pairs).unwrap_err().to_string();
    let told = refusal(&[("engines.search", "opensearch")]);
    assert!(
        told.contains("needs engines.store = \"cassandra\""),
        "{told}"
    );
    let told = refusal(&[("opensearch.user", "a")]);
    assert!(told.contains("go together"), "{told}");
    let told = refusal(&[("opensearch.user", "a"), ("opensearch.api_key", "b")]);
    assert!(told.contains("only one of"), "{told}");
    let told = refusal(&[("opensearch.bulk_bytes", "1KiB")]);
    assert_eq!(told, "opensearch.bulk_bytes takes from 64KiB to 64MiB");
    let told = refusal(&[("opensearch.refresh", "20s")]);
    assert!(told.contains("twice opensearch.refresh"), "{told}");
}

#[test]
fn an_engine_without_an_address_and_a_queue_that_would_lose_are_refused() {
    let refusal = |pairs| Config::of(pairs).unwrap_err().to_string();
    let told = refusal(&[("redis.urls", "")]);
    assert_eq!(told, "redis.urls needs at least one address");
    let told = refusal(&[("kafka.timeout", "0s")]);
    assert_eq!(told, "kafka.timeout takes from 10ms to 1h");
    let told = refusal(&[("engines.queue", "kafka")]);
    assert!(told.contains("whose log is the queue"), "{told}");
}
