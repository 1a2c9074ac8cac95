use super::*;
use crate::event::Waker;
use crate::text::width::width as columns;
use crate::timeline::story;

fn page(story: &story::Story, width: usize) -> String {
    lanes_text(&story.timeline(), width, false)
}

#[test]
fn two_tasks_side_by_side() {
    insta::assert_snapshot!(page(&story::two_tasks(), 110), @r#"
             ╷0                   ╷0.5 s                ╷1.0 s                ╷1.5 s                ╷2.0 s
    main     █── task1 ─────────────────────────────────█── task2 ──────────────────────────────────█✓
    ├ task1  █── sleep(1 s) ────────────────────────────█✓ "hello"
    └ task2  █── sleep(2 s) ────────────────────────────────────────────────────────────────────────█✓ "world"

    █ running  ─ waiting  ✓ done
    "#);
    insta::assert_snapshot!(page(&story::two_tasks(), 80), @r#"
             ╷0             ╷0.5 s         ╷1.0 s         ╷1.5 s         ╷2.0 s
    main     █── task1 ────────────────────█── task2 ────────────────────█✓
    ├ task1  █── sleep(1 s) ───────────────█✓ "hello"
    └ task2  █── sleep(2 s) ─────────────────────────────────────────────█✓ "world"

    █ running  ─ waiting  ✓ done
    "#);
    insta::assert_snapshot!(page(&story::two_tasks(), 40), @r#"
             ╷0           ╷1 s         ╷2 s
    main     █── task1 ───█── task2 ───█✓
    ├ task1  █────────────█✓ "hello"
    └ task2  █── sleep(2 s) ───────────█✓

    █ running  ─ waiting  ✓ done
    "#);
    insta::assert_snapshot!(page(&story::two_tasks(), 20), @r#"
             ╷0       ╷
    main     █───█────█✓
    ├ task1  █───█✓
    └ task2  █────────█✓

    █ running  ─ waiting
    ✓ done
    "#);
}

#[test]
fn branches_are_thinner_and_one_was_held_up() {
    insta::assert_snapshot!(page(&story::branches(), 80), @r#"
                             ╷0         ╷0.5 s      ╷1.0 s     ╷1.5 s      ╷2.0 s
    main                     █── join! ─────────────▒▒▒▒▒██████▌── join! ──█✓
    ├ say_after(1, "hello")  ▄╌╌ sleep(1 s) ╌╌╌╌╌╌╌╌░░░░░▄▄▄▄▄▄▖✓
    └ say_after(2, "world")  ▄╌╌ sleep(2 s) ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▄✓

    █ running  ▒ ready, not polled yet  ─ waiting  ✓ done
    "#);
}

#[test]
fn every_end_is_told_apart() {
    insta::assert_snapshot!(page(&story::endings(), 80), @r#"
                 ╷0                ╷0.5 s             ╷1.0 s             ╷1.5 s
    main         █── timeout(1 s, job()) ─────────────█── sleep(500 ms) ─█✓
    ├ nested     ○┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈∅ never awaited
    ├ slow       █── sleep(5 s) ───────────────────────✗ aborted by main
    ├ broken     █── sleep(700 ms) ────────█‼ panicked
    ├ forgotten  █── lock.lock(): nothing can wake it ─────────────────── ⊘
    └ job()      ▄╌╌ rx.recv() ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌✗ timed out

    █ running  ─ waiting  ✓ done  ✗ cancelled  ‼ panicked  ○ created, nothing run
    ∅ never awaited  ⊘ nothing can wake it
    "#);
    insta::assert_snapshot!(page(&story::endings(), 40), @r#"
                 ╷0             ╷1 s
    main         █── timeout(… ─█───────█✓
    ├ nested     ○┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈∅ never aw…
    ├ slow       █── sleep(5 s) ─✗ aborted …
    ├ broken     █─────────█‼ panicked
    ├ forgotten  █── lock.lock(): not… ─ ⊘
    └ job()      ▄╌╌ rx.recv() ╌╌✗ timed out

    █ running  ─ waiting  ✓ done
    ✗ cancelled  ‼ panicked
    ○ created, nothing run  ∅ never awaited
    ⊘ nothing can wake it
    "#);
    insta::assert_snapshot!(totals_text(&story::endings().timeline()), @r#"
    task       running  ready  waiting  polls  ended
    main          0 ns   0 ns    1.5 s      3  completed
    slow          0 ns   0 ns      1 s      1  cancelled
    broken        0 ns   0 ns   700 ms      2  panicked
    forgotten     0 ns   0 ns    1.5 s      1  pending
    "#);
}

#[test]
fn a_branch_that_was_left_is_not_cancelled() {
    insta::assert_snapshot!(page(&story::borrowed(), 80), @r#"
                     ╷0           ╷0.5 s       ╷1.0 s       ╷1.5 s        ╷2.0 s
    main             █────────────█────────────█────────────█─────────────█✓
    ├ &mut work                   ▄╌╌ sleep(1… ╌⊣ left, not cancelled
    └ work.as_mut()                                         ▄╌╌ sleep(5… ╌▄✓ 7
      └ work         ○┈┈┈┈┈┈┈┈┈┈┈┈╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▄╌╌ sleep(5… ╌▄✓ 7

    █ running  ─ waiting  ✓ done  ⊣ left, not cancelled  ○ created, nothing run
    "#);
    let timeline = story::borrowed().timeline();
    let summary = crate::export::summary::summary("", &timeline, &[], None);
    let summary = serde_json::to_value(summary).expect("it is JSON");
    assert_eq!(summary["tasks"][0]["branches"][0]["outcome"], "left");
}

#[test]
fn a_coroutine_runs_only_once_it_is_awaited() {
    let sleep = story::until;
    let story = story::Story::of_main().poll(1).call(2, "nested", 1);
    let story = story.enter(1, 1, "sleep", sleep(500)).waits(1).at(500);
    let story = story
        .wake(1, Waker::Driver)
        .poll(1)
        .leave(1, 1)
        .enter(1, 2, "nested", None);
    let story = story
        .begin(2, 1, Some(2))
        .enter_within(1, 3, Some(2), "sleep", sleep(1500));
    let story = story
        .waits(1)
        .at(1500)
        .wake(1, Waker::Driver)
        .poll(1)
        .leave(1, 3);
    let story = story.returns(2, "42").leave(1, 2).at(2000).done(1);
    insta::assert_snapshot!(page(&story, 80), @r#"
              ╷0            ╷0.5 s         ╷1.0 s         ╷1.5 s         ╷2.0 s
    main      █── sleep(5… ─█── nested › sleep(1 s) ──────███████████████✓
    └ nested  ○┈┈┈┈┈┈┈┈┈┈┈┈┈▄╌╌ sleep(1 s) ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▄✓ 42

    █ running  ─ waiting  ✓ done  ○ created, nothing run
    "#);
}

#[test]
fn lost_events_leave_a_hatched_band() {
    insta::assert_snapshot!(page(&story::gap(), 80), @r#"
          ╷0                 ╷0.5 s             ╷1.0 s              ╷1.5 s
    main  ███████▊── read(file) ─▒▒▒▒█╱╱╱╱╱╱╱╱╱╱╱╱╱╱╱█████▌─────────████✓

    █ running  ▒ ready, not polled yet  ─ waiting  ✓ done  ╱ events lost
    "#);
}

#[test]
fn no_more_lanes_are_listed_than_anybody_reads() {
    let mut story = story::Story::of_main();
    for lane in 2..=60 {
        story = story.spawn(lane, "task", Some(1));
    }
    let timeline = story.timeline();
    let tasks = |text: &str| text.lines().filter(|line| line.contains("task ")).count();
    let lanes = lanes_text(&timeline, 80, false);
    assert_eq!(tasks(&lanes), 49, "{lanes}");
    assert!(lanes.contains("\nand 10 more lanes;"), "{lanes}");
    let totals = totals_text(&timeline);
    assert_eq!(tasks(&totals), 1 + 49, "{totals}");
    assert!(totals.ends_with("\nand 10 more tasks; --json lists all of them\n"));
}

#[test]
fn broad_characters_keep_the_grid() {
    insta::assert_snapshot!(page(&story::wide_names(), 80), @r#"
                     ╷0                    ╷0.5 s                ╷1.0 s
    main             █── 느린 작업 ──────────────────────────────█✓
    ├ 느린 작업      █── 채널.받기() ────────────────────────────█✓ "안녕하세요"
    ├ 日本語の仕事   █───────────────────────────────────────────█‼ panicked
    └ 👩👩👧 family  █────────────────────────────────────────────────────█✓

    █ running  ─ waiting  ✓ done  ‼ panicked
    "#);
    insta::assert_snapshot!(page(&story::wide_names(), 40), @r#"
                 ╷0                 ╷1 s
    main         █── 느린 작업 ─────█✓
    ├ 느린 작업  █── 채널.받기() ───█✓
    ├ 日本語の…  █──────────────────█‼
    └ 👩👩👧 f…  █──────────────────────█✓

    █ running  ─ waiting  ✓ done  ‼ panicked
    "#);
    insta::assert_snapshot!(totals_text(&story::wide_names().timeline()), @r#"
    task           running  ready  waiting  polls  ended
    main              0 ns   0 ns      1 s      2  completed
    느린 작업         0 ns   0 ns      1 s      2  completed
    日本語の仕事      0 ns   0 ns      1 s      2  panicked
    👩👩👧 family     0 ns   0 ns    1.2 s      2  completed
    "#);
}

#[test]
fn many_short_polls_do_not_look_like_a_long_one() {
    insta::assert_snapshot!(page(&story::busy(), 80), @r#"
          ╷0             ╷0.5 s          ╷1.0 s         ╷1.5 s          ╷2.0 s
    main  ▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌█✓

    █ running  ✓ done
    "#);
}

#[test]
fn ascii_is_ascii() {
    let text = lanes_text(&story::branches().timeline(), 80, true);
    assert!(text.is_ascii());
    insta::assert_snapshot!(text, @r#"
                             |0         |0.5 s      |1.0 s     |1.5 s      |2.0 s
    main                     #-- join! -------------%%%%%#######-- join! --#+
    | say_after(1, "hello")  =-- sleep(1 s) --------~~~~~=======+
    ` say_after(2, "world")  =-- sleep(2 s) -------------------------------=+

    # running  % ready, not polled yet  - waiting  + done
    "#);
    let text = lanes_text(&story::endings().timeline(), 80, true);
    assert!(text.is_ascii());
    insta::assert_snapshot!(text, @r#"
                 |0                |0.5 s             |1.0 s             |1.5 s
    main         #-- timeout(1 s, job()) -------------#-- sleep(500 ms) -#+
    | nested     o.....................................0 never awaited
    | slow       #-- sleep(5 s) -----------------------x aborted by main
    | broken     #-- sleep(700 ms) --------#! panicked
    | forgotten  #-- lock.lock(): nothing can wake it ------------------- ?
    ` job()      =-- rx.recv() ------------------------x timed out

    # running  - waiting  + done  x cancelled  ! panicked  o created, nothing run
    0 never awaited  ? nothing can wake it
    "#);
}

#[test]
fn any_width_holds() {
    let stories = [
        story::two_tasks(),
        story::branches(),
        story::endings(),
        story::wide_names(),
    ];
    for story in stories {
        for width in 0..130 {
            let text = page(&story, width);
            let lanes = text.lines().take_while(|line| !line.is_empty());
            assert!(
                lanes.clone().all(|line| columns(line) <= width),
                "{width}:\n{text}"
            );
        }
    }
    assert_eq!(lanes_text(&Timeline::new(), 80, false).lines().count(), 3);
}
