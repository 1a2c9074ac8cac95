//! The tutorial's thirteen steps: what a learner must be able to see on the lanes of each.

use asyncline::event::{Awaited, EventKind, Text};
use asyncline::timeline::State;

use crate::{Run, awaits, life, millis, was_woken};

#[test]
fn a_function_is_one_bar_and_a_coroutine_has_gaps() {
    let run = Run::of("function-vs-coroutine");
    let function = run.spans(run.task("function"), State::Running);
    let task = run.spans(run.task("coroutine"), State::Running);
    assert_eq!(function, [(0, 900)]);
    assert_eq!(task, [(900, 1200), (1400, 1700), (1900, 2200)]);
    let coroutine = run.spans(run.coroutine("coroutine"), State::Running);
    assert_eq!(coroutine, task);
}

#[test]
fn a_generator_takes_turns_with_its_consumer() {
    let run = Run::of("generator");
    let (main, generator) = (run.task("main"), run.task("generator"));
    let (eager, lazy): (Vec<_>, _) = run.said().into_iter().partition(|said| said.0 <= 1600);
    let texts: Vec<_> = eager.iter().map(|said| said.2).collect();
    let made = (1..=4).map(|n| format!("made {n}, alive: {n}"));
    let used = (1..=4).map(|n| format!("used {n}"));
    assert_eq!(texts, made.chain(used).collect::<Vec<_>>());

    let turns = (1..=4).flat_map(|n| {
        let at = 1400 + 400 * n;
        let made = (at, generator.id, format!("made {n}, alive: 1"));
        [made, (at + 200, main.id, format!("used {n}"))]
    });
    let lazy: Vec<_> = lazy
        .into_iter()
        .map(|(at, lane, text)| (at, lane, text.to_owned()))
        .collect();
    assert_eq!(lazy, turns.collect::<Vec<_>>());
}

#[test]
fn a_coroutine_goes_on_at_the_line_where_it_stopped() {
    let run = Run::of("native-coroutine");
    let main = run.task("main");
    let line = run.line("price_of(\"tea\").await");
    assert_eq!(awaits(main, "price_of(\"tea\")"), [(300, 1300)]);
    assert_eq!(run.spans(main, State::Running), [(0, 300), (1300, 1600)]);
    assert_eq!(run.spans(main, State::Waiting), [(300, 1300)]);

    let suspended = run.before(|event| event.at.0 > 300_000_000);
    let lines: Vec<_> = suspended
        .lane(main.id)
        .unwrap()
        .open_frames()
        .map(|frame| frame.site.as_ref().unwrap().line)
        .collect();
    assert_eq!(lines, [line, run.line("sleep(secs(1)).await")]);

    let resumed = run.before(
        |event| matches!(&event.kind, EventKind::Mark { text, .. } if text == "it costs 42"),
    );
    assert_eq!(resumed.lane(main.id).unwrap().line().unwrap().line, line);
    assert_eq!(run.coroutine("price_of").value, Some("42".into()));
}

#[test]
fn a_coroutine_object_is_created_long_before_it_runs() {
    let run = Run::of("coroutine-object");
    let greet = run.coroutine("greet");
    assert_eq!(run.spans(greet, State::Created), [(0, 1000)]);
    assert_eq!(run.spans(greet, State::Running), [(1000, 1500)]);
    assert_eq!(millis(greet.started.unwrap()), 1000);
    assert_eq!(greet.site.as_ref().unwrap().line, run.line("greet();"));
    assert_eq!(
        run.texts(),
        ["greet was called", "now it is awaited", "hello"]
    );
}

#[test]
fn runtimes_open_and_close_and_a_nested_one_is_refused() {
    let run = Run::of("run");
    let lives: Vec<_> = run.runtimes().into_iter().map(life).collect();
    assert_eq!(lives, [(0, 1000), (1000, 2000)]);
    assert!(
        run.runtimes()
            .iter()
            .all(|runtime| runtime.state() == State::Done)
    );

    let nest = run.task("nest");
    assert_eq!(nest.parent, Some(run.runtimes()[1].id));
    assert_eq!(nest.state(), State::Done);
    let refusal = nest.marks.last().unwrap();
    assert_eq!(
        refusal.text.raw(),
        "refused: Cannot start a runtime from within a runtime"
    );
    let greets: Vec<_> = run
        .coroutines("greet")
        .iter()
        .map(|greet| greet.state())
        .collect();
    assert_eq!(greets, [State::Done, State::NeverPolled]);
}

#[test]
fn three_kinds_of_things_are_awaited() {
    let run = Run::of("awaitables");
    let (main, task, setter) = (run.task("main"), run.task("task"), run.task("setter"));
    assert_eq!(run.tasks().len(), 3);
    assert_eq!(awaits(main, "coroutine"), [(0, 1000)]);
    assert_eq!(awaits(main, "task"), [(1000, 2000)]);
    assert_eq!(awaits(main, "future"), [(2000, 3000)]);

    let hosts: Vec<_> = run
        .coroutines("nested")
        .iter()
        .map(|it| it.host.unwrap().lane)
        .collect();
    assert_eq!(hosts, [main.id, task.id]);
    assert!(was_woken(main, task, 2000));
    assert!(was_woken(main, setter, 3000));
    // The setter completes the future while it runs, not by its end.
    let woken = run
        .events
        .iter()
        .rposition(|event| matches!(event.kind, EventKind::Woken { lane, .. } if lane == main.id));
    let ended = run.events.iter().position(|event| matches!(event.kind, EventKind::PollEnded { lane, result: asyncline::event::Polled::Completed } if lane == setter.id));
    assert!(woken < ended);
    assert_eq!(
        run.texts(),
        ["a coroutine: 42", "a task: 42", "a future: 42"]
    );
}

#[test]
fn a_coroutine_that_nobody_awaits_never_runs() {
    let run = Run::of("never-awaited");
    let nested = run.coroutine("nested");
    assert_eq!(nested.state(), State::NeverPolled);
    assert_eq!((nested.started, nested.host), (None, None));
    assert_eq!(run.spans(nested, State::Running), []);
    let site = nested.site.as_ref().unwrap();
    assert_eq!(site.line, run.line("    nested();"));
    assert_eq!(&*site.file_name(), "never_awaited.rs");
    assert_eq!(run.texts(), ["main is done"]);
}

#[test]
fn an_awaited_coroutine_runs_within_its_caller() {
    let run = Run::of("await-nested");
    let (main, nested) = (run.task("main"), run.coroutine("nested"));
    assert_eq!(run.tasks().len(), 1);
    assert_eq!(nested.host.unwrap().lane, main.id);
    assert_eq!(life(nested), (0, 1000));
    assert_eq!(nested.value, Some("42".into()));
    assert_eq!(run.texts(), ["42"]);
}

#[test]
fn a_task_is_spawned_runs_beside_and_is_joined() {
    let run = Run::of("create-task");
    let (main, task) = (run.task("main"), run.task("task"));
    assert_eq!(task.parent, Some(main.id));
    assert_eq!(
        task.site.as_ref().unwrap().line,
        run.line("spawn(nested())")
    );
    assert_eq!(life(task), (0, 2000));
    assert_eq!(task.value, Some("42".into()));
    let join = main
        .frames
        .iter()
        .find(|frame| frame.on == Some(Awaited::Task(task.id)))
        .unwrap();
    assert_eq!(crate::lasted(join), (1000, 2000));
    assert!(was_woken(main, task, 2000));
    let texts = [
        "main goes on",
        "nested begins",
        "main needs the answer",
        "42",
    ];
    assert_eq!(run.texts(), texts);
}

#[test]
fn sequential_awaits_stand_end_to_end() {
    let run = Run::of("sequential");
    let main = run.task("main");
    assert_eq!(run.tasks().len(), 1);
    assert_eq!(awaits(main, "say_after(1, \"hello\")"), [(0, 1000)]);
    assert_eq!(awaits(main, "say_after(2, \"world\")"), [(1000, 3000)]);
    let lives: Vec<_> = run.coroutines("say_after").into_iter().map(life).collect();
    assert_eq!(lives, [(0, 1000), (1000, 3000)]);
}

#[test]
fn tasks_overlap() {
    let run = Run::of("tasks");
    assert_eq!(run.tasks().len(), 3);
    assert_eq!(life(run.task("task1")), (0, 1000));
    assert_eq!(life(run.task("task2")), (0, 2000));
    assert_eq!(run.spans(run.task("task1"), State::Waiting), [(0, 1000)]);
    assert_eq!(run.spans(run.task("task2"), State::Waiting), [(0, 2000)]);
    assert_eq!(run.texts(), ["hello", "world"]);
}

#[test]
fn a_finished_task_is_not_waited_for() {
    let run = Run::of("await-finished");
    let (main, quick) = (run.task("main"), run.task("quick"));
    assert_eq!(life(quick), (0, 1000));
    assert_eq!(awaits(main, "slow"), [(0, 3000)]);
    assert_eq!(awaits(main, "quick"), [(3000, 3000)]);
    assert_eq!(run.spans(main, State::Waiting), [(0, 3000)]);
    assert_eq!(main.polls, 2, "the second await needs no poll of its own");
    assert_eq!(run.texts(), ["slow: 3", "quick: 1"]);
}

#[test]
fn gather_has_a_branch_for_each_coroutine() {
    let run = Run::of("gather");
    let main = run.task("main");
    assert_eq!(run.tasks().len(), 1);
    let branches = run.branches();
    assert!(branches.iter().all(|branch| branch.parent == Some(main.id)));
    let lives: Vec<_> = branches.iter().map(|branch| life(branch)).collect();
    assert_eq!(lives, [(0, 2000), (0, 1000)]);
    let values: Vec<_> = branches
        .iter()
        .map(|branch| branch.value.as_ref().map(Text::raw))
        .collect();
    assert_eq!(values, [Some("\"hello\""), Some("\"world\"")]);
    assert_eq!(run.texts(), ["world", "hello", "(\"hello\", \"world\")"]);
}
