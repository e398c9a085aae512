//! What a query's text means.

use super::{filled, find};
use crate::SearchIndexEngine;

pub async fn all_words_must_be_there_in_any_order<E: SearchIndexEngine>(engine: E) {
    let texts = ["red green blue", "blue red", "green", "redgreen"];
    let index = filled(&engine, &texts).await;
    assert_eq!(find(&index, "blue red ").await, [1, 2]);
    assert_eq!(find(&index, "green red ").await, [1]);
    assert_eq!(find(&index, "green  ").await, [1, 3]);
    assert!(find(&index, "red yellow ").await.is_empty());
}

pub async fn case_accents_and_width_are_folded<E: SearchIndexEngine>(engine: E) {
    let texts = ["Café CRÈME", "cafe\u{301}", "ＣＡＦＥ", "Ёлка", "cave"];
    let index = filled(&engine, &texts).await;
    for query in ["cafe ", "CAFÉ ", "Cafe\u{301} ", "ｃａｆｅ "] {
        assert_eq!(find(&index, query).await, [1, 2, 3], "{query}");
    }
    assert_eq!(find(&index, "елка ").await, [4]);
}

pub async fn chinese_japanese_and_korean_match_anywhere<E: SearchIndexEngine>(engine: E) {
    let texts = [
        "明天下午去北京开会",
        "金曜日に会議があります",
        "회의를 시작합니다",
        "我买了iPhone手机",
        "ｵｰﾃﾞｨｵの設定",
    ];
    let index = filled(&engine, &texts).await;
    for (query, place) in [
        ("北京", 1),
        ("明天", 1),
        ("开会", 1),
        ("去北京开", 1),
        ("会議", 2),
        ("ます", 2),
        ("회의", 3),
        ("작합니", 3),
        ("手机", 4),
        ("iphone", 4),
        ("了iphone手", 4),
        ("オーディオ", 5),
    ] {
        assert_eq!(find(&index, query).await, [place], "{query}");
    }
    for query in ["京北", "会开", "北开", "明京"] {
        assert!(find(&index, query).await.is_empty(), "{query}");
    }
}

pub async fn one_character_alone_is_found<E: SearchIndexEngine>(engine: E) {
    let texts = ["北京", "在北", "南北西", "东"];
    let index = filled(&engine, &texts).await;
    assert_eq!(find(&index, "北").await, [1, 2, 3]);
    assert_eq!(find(&index, "东").await, [4]);
}

pub async fn a_phrase_stands_side_by_side<E: SearchIndexEngine>(engine: E) {
    let texts = [
        "the quick brown fox",
        "quick the brown fox",
        "brown, quick",
        "quick-brown",
    ];
    let index = filled(&engine, &texts).await;
    assert_eq!(find(&index, "\"quick brown\"").await, [1, 4]);
    assert_eq!(find(&index, "\"quick brown\" fox").await, [1]);
    assert_eq!(find(&index, "\"brown fox\"").await, [1, 2]);
    assert!(find(&index, "\"quick bro\"").await.is_empty());
}

pub async fn the_last_word_is_also_a_beginning<E: SearchIndexEngine>(engine: E) {
    let texts = ["apple pie", "application", "an app", "pineapple"];
    let index = filled(&engine, &texts).await;
    assert_eq!(find(&index, "app").await, [1, 2, 3]);
    assert_eq!(find(&index, "app ").await, [3]);
    assert_eq!(find(&index, "appl").await, [1, 2]);
    assert_eq!(find(&index, "pie app").await, [1]);
    assert!(
        find(&index, "app pie").await.is_empty(),
        "not the first one"
    );
}

pub async fn marks_alone_find_nothing<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["a b c", "!", "***", "👍"]).await;
    let marks = "! \" # $ % & ' ( ) * + , - . / : ; < = > ? @ [ \\ ] ^ _ ` { | } ~";
    for query in marks
        .split(' ')
        .chain(["", " ", "\"\"", "* *", "👍", "。", "\u{200d}"])
    {
        assert!(find(&index, query).await.is_empty(), "{query:?}");
    }
}

pub async fn marks_in_a_query_are_no_operators<E: SearchIndexEngine>(engine: E) {
    let texts = [
        "due 10/2019",
        "C++ code",
        "a:b",
        "(x) y",
        "100%_done",
        "back\\slash",
        "this AND that",
        "not found",
    ];
    let index = filled(&engine, &texts).await;
    for (query, wanted) in [
        ("10/2019", vec![1]),
        ("C++ ", vec![2]),
        ("a:b ", vec![3]),
        ("(x)", vec![4]),
        ("100%_done", vec![5]),
        ("back\\slash", vec![6]),
        ("AND", vec![7]),
        ("this OR that", vec![]),
        ("NOT found", vec![8]),
        ("-found", vec![8]),
        ("+found", vec![8]),
        ("content:found", vec![]),
        ("fou*d", vec![]),
        ("found~2", vec![]),
        ("found^9", vec![]),
        ("[a TO z]", vec![]),
        ("/.*/", vec![]),
        ("x} OR {y", vec![]),
    ] {
        assert_eq!(find(&index, query).await, wanted, "{query}");
    }
}

pub async fn an_unbalanced_quote_is_text<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["a 5\" disk", "disk 5"]).await;
    assert_eq!(find(&index, "5\" disk").await, [1, 2]);
    assert_eq!(find(&index, "\"5 disk").await, [1, 2]);
    assert_eq!(find(&index, "\"5 disk\"").await, [1]);
    assert_eq!(find(&index, "\"disk 5\" \"").await, [2]);
}

pub async fn words_of_any_script_are_found<E: SearchIndexEngine>(engine: E) {
    let texts = [
        "Привет, мир",
        "שלום עולם",
        "مرحبا بالعالم",
        "हिन्दी भाषा",
        "สวัสดี",
        "γειά σου Κόσμε",
    ];
    let index = filled(&engine, &texts).await;
    for (query, place) in [
        ("ПРИВЕТ ", 1),
        ("мир", 1),
        ("עולם", 2),
        ("مرحبا", 3),
        ("भाषा", 4),
        ("สวัสดี", 5),
        ("κοσμε", 6),
    ] {
        assert_eq!(find(&index, query).await, [place], "{query}");
    }
}

pub async fn a_query_beyond_all_bounds_finds_nothing<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["a b c"]).await;
    let long_word = "x".repeat(10_000);
    let many_words = "a ".repeat(5_000);
    for query in [long_word, many_words] {
        assert!(find(&index, &query).await.is_empty());
    }
}
