//! Field faults, row 25: one name, whatever its spelling.

use serde_json::json;

use crate::server::TestServer;

async fn register(server: &TestServer, name: &str) -> crate::server::Reply {
    let body = json!({"userId": name, "password": "correct horse"}).to_string();
    server.post("/v1/auth/register", "", &body).await
}

#[tokio::test]
async fn spellings_of_a_name_and_its_look_alikes_are_never_a_second_account() {
    let server = TestServer::start().await;
    register(&server, "anna").await.expect(201);
    register(&server, "zo\u{eb}").await.expect(201);
    for taken in [
        "anna",
        "Anna",
        "ANNA",
        "ａｎｎａ",
        "zoe\u{308}",
        "ZOE\u{308}",
    ] {
        let reply = register(&server, taken).await.expect(409);
        assert_eq!(reply.code(), "nameTaken", "{taken:?}");
    }
    for refused in [
        "anna ",
        "an\u{200b}na",
        "an\u{2060}na",
        "\u{430}nna",
        "",
        "a b",
        "\u{202e}anna",
    ] {
        let reply = register(&server, refused).await.expect(400);
        assert_eq!(reply.pointer(), "/userId", "{refused:?}");
    }
}

#[tokio::test]
async fn of_two_spellings_at_the_same_instant_one_wins() {
    let server = TestServer::start().await;
    let (one, other) = tokio::join!(register(&server, "Bob"), register(&server, "bob"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn an_account_is_found_in_any_case() {
    let server = TestServer::start().await;
    register(&server, "Anna").await.expect(201);
    for spelling in ["anna", "ANNA", "Ａnna"] {
        let body = json!({"userId": spelling, "password": "correct horse"}).to_string();
        let answer = server
            .post("/v1/auth/login", "", &body)
            .await
            .expect(200)
            .json();
        assert_eq!(answer["user"]["id"], "anna");
    }
    let bo = server.user("bo").await;
    let chat = server.direct(&bo, "anna").await;
    for spelling in ["Anna", "ANNA", "Ａnna"] {
        assert_eq!(server.direct(&bo, spelling).await, chat, "{spelling}");
    }
}
