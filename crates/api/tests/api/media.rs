//! One's own media.

use serde_json::json;

use crate::client::Form;
use crate::world::World;

#[tokio::test]
async fn media_are_listed_newest_first_page_by_page_and_filtered() {
    let world = World::new();
    let olga = world.person("olga").await;
    let mut made = Vec::new();
    for number in 0..5 {
        let bytes = format!("{}{number}", "RIFFsound");
        let answer = olga.upload(&Form::new().file(&format!("{number}.wav"), bytes.as_bytes())).await;
        made.push(answer.json()["id"].as_str().unwrap().to_owned());
    }
    olga.picture().await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/media?mediaType=audio&limit=2".to_owned();
    loop {
        let page = olga.get(&path).await.json();
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|media| media["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/api/v1/media?mediaType=audio&limit=2&cursor={cursor}");
    }
    made.reverse();
    assert_eq!(seen, made);
    let count = |query: &str| {
        let (olga, path) = (olga.clone(), format!("/api/v1/media?{query}"));
        async move { olga.get(&path).await.json()["items"].as_array().unwrap().len() }
    };
    assert_eq!(count("q=holiday").await, 1);
    assert_eq!(count("status=ANALYZED").await, 0);
    assert_eq!(count("verdict=FAKE").await, 0);
    assert_eq!(count("status=QUEUED&q=%20").await, 6);
}

#[tokio::test]
async fn a_description_is_changed_taken_away_and_never_lost_by_accident() {
    let world = World::new();
    let olga = world.person("olga").await;
    let path = format!("/api/v1/media/{}", olga.picture().await["id"].as_str().unwrap());
    assert_eq!(
        olga.patch(&path, &json!({"description": " at the sea "})).await.json()["description"],
        "at the sea"
    );
    let empty = olga.patch(&path, &json!({})).await.is_problem(422, "validation_failed");
    assert_eq!(empty["errors"][0]["field"], "description");
    olga.patch(&path, &json!({"description": "x".repeat(501)})).await.is_problem(422, "validation_failed");
    olga.patch(&path, &json!({"filename": "y"})).await.is_problem(422, "validation_failed");
    assert_eq!(olga.get(&path).await.json()["description"], "at the sea");
    assert_eq!(olga.patch(&path, &json!({"description": null})).await.json()["description"], json!(null));
}

#[tokio::test]
async fn what_is_removed_is_gone() {
    let world = World::new();
    let olga = world.person("olga").await;
    let media = olga.picture().await;
    let path = format!("/api/v1/media/{}", media["id"].as_str().unwrap());
    assert_eq!(olga.delete(&path).await.status, 204);
    olga.get(&path).await.is_problem(404, "not_found");
    olga.delete(&path).await.is_problem(404, "not_found");
    let run = format!("/api/v1/runs/{}", media["latestAnalysisRunId"].as_str().unwrap());
    olga.get(&run).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn no_answer_tells_where_the_file_lies() {
    let world = World::new();
    let olga = world.person("olga").await;
    let media = olga.picture().await;
    let detail = olga.get(&format!("/api/v1/media/{}", media["id"].as_str().unwrap())).await;
    assert!(!detail.text().contains("file://"), "{}", detail.text());
    assert_eq!(media["url"], format!("/api/v1/media/{}/content", media["id"].as_str().unwrap()));
    assert_eq!(detail.json()["runs"][0]["runNumber"], 1);
}

#[tokio::test]
async fn media_are_listed_in_the_order_that_is_asked_for_page_by_page() {
    let world = World::new();
    let olga = world.person("olga").await;
    for (name, length) in [("b.wav", 9), ("A.wav", 30), ("c.wav", 20)] {
        olga.upload(&Form::new().file(name, format!("RIFF{}", "x".repeat(length)).as_bytes())).await;
    }
    let names = |sort: &'static str| {
        let olga = olga.clone();
        async move {
            let (mut names, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = olga.get(&format!("/api/v1/media?limit=1&sort={sort}{cursor}")).await.json();
                names.push(page["items"][0]["filename"].as_str().unwrap().to_owned());
                let Some(next) = page["nextCursor"].as_str() else { return names.join(" ") };
                cursor = format!("&cursor={next}");
            }
        }
    };
    assert_eq!(names("newest").await, "c.wav A.wav b.wav");
    assert_eq!(names("oldest").await, "b.wav A.wav c.wav");
    assert_eq!(names("name").await, "A.wav b.wav c.wav");
    assert_eq!(names("largest").await, "A.wav c.wav b.wav");
    olga.get("/api/v1/media?sort=random").await.is_problem(400, "malformed_request");
    let page = olga.get("/api/v1/media?limit=1&sort=name").await.json();
    let cursor = page["nextCursor"].as_str().unwrap();
    olga.get(&format!("/api/v1/media?sort=largest&cursor={cursor}"))
        .await
        .is_problem(400, "malformed_request");
}
