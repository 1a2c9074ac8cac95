//! The catalogue: names, chapters, texts and programs.

use asyncline::scenario::{self, Chapter, Scenario};
use unicode_width::UnicodeWidthStr;

/// The names that scripts rely on, in the order in which to learn from them: the README's list.
fn promised() -> Vec<&'static str> {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("<!-- scenarios -->").unwrap();
    let (list, _) = rest
        .split_once("<!-- the end of the scenarios -->")
        .unwrap();
    list.split('`').skip(1).step_by(2).collect()
}

#[test]
fn names_are_as_promised() {
    let names: Vec<_> = scenario::all().iter().map(|it| it.name).collect();
    assert_eq!(names, promised());
    for name in names {
        assert_eq!(scenario::find(name).unwrap().name, name);
        assert_eq!(scenario::nearest(name).unwrap().name, name);
    }
    assert!(scenario::find("Run").is_none());
    assert_eq!(scenario::nearest("dedlock").unwrap().name, "deadlock");
    assert!(scenario::nearest("something else").is_none());
}

#[test]
fn chapters_follow_one_another() {
    let mut chapters: Vec<_> = scenario::all().iter().map(|it| it.chapter).collect();
    chapters.dedup();
    assert_eq!(chapters, Chapter::ALL);
    for chapter in Chapter::ALL {
        assert_text(chapter.title(), 30);
    }
}

#[test]
fn texts_fit_their_places() {
    for scenario in scenario::all() {
        assert_text(scenario.title, 40);
        assert_text(scenario.lesson, 90);
        assert!(scenario.lesson.ends_with('.'), "{}", scenario.lesson);
    }
}

#[test]
fn questions_are_sane() {
    for scenario in scenario::all() {
        let question = &scenario.question;
        assert_text(question.text, 160);
        assert!(question.text.ends_with('?'), "{}", question.text);
        assert!((2..=4).contains(&question.choices.len()));
        assert!(question.right < question.choices.len());
        for (index, choice) in question.choices.iter().enumerate() {
            assert_text(choice, 60);
            assert!(!question.choices[..index].contains(choice), "{choice}");
        }
        assert_text(question.because, 260);
        assert!(question.because.ends_with('.'), "{}", question.because);
    }
}

#[test]
fn the_right_answer_is_not_always_in_the_same_place() {
    for place in 0..3 {
        let questions = scenario::all().iter().map(|it| &it.question);
        let there = questions.filter(|question| question.right == place).count();
        assert!(there >= 4, "{there} right answers in place {place}");
    }
}

#[test]
fn programs_are_shown_from_their_first_item_to_their_last() {
    for scenario in scenario::all() {
        let program: Vec<_> = scenario.program().collect();
        let source: Vec<_> = scenario.source.lines().collect();
        for &(number, line) in &program {
            assert_eq!(source[number as usize - 1], line);
            assert!(line.width() <= 80, "{line}");
            assert!(!line.starts_with("use "), "{line}");
            assert!(!line.contains("SCENARIO"), "{line}");
        }
        assert!((10..=48).contains(&program.len()), "{}", scenario.name);
        assert!(program.is_sorted_by_key(|(number, _)| *number));
        let (first, last) = (program[0].1, program[program.len() - 1].1);
        assert!(!first.is_empty() && last == "}", "{first} … {last}");
        for item in ["async fn main() {", "fn start() {"] {
            let found = program.iter().any(|(_, line)| *line == item);
            assert!(found, "{} has no {item}", scenario.name);
        }
    }
}

#[test]
fn imports_of_several_lines_are_not_shown() {
    let scenario = Scenario {
        source: "use a::{\n    b,\n    c,\n};\nuse d;\n\nfn start() {\n}\n\n// The end of the program.\nuse e;\n",
        ..copy(scenario::find("run").unwrap())
    };
    let program: Vec<_> = scenario.program().collect();
    assert_eq!(program, [(7, "fn start() {"), (8, "}")]);
}

#[test]
fn files_are_called_as_their_scenarios() {
    for scenario in scenario::all() {
        let file = format!("src/scenario/{}.rs", scenario.name.replace('-', "_"));
        assert_eq!(scenario.file.replace('\\', "/"), file);
    }
}

#[test]
fn only_several_threads_need_real_time() {
    let real = scenario::all().iter().filter(|it| it.is_real_time());
    let names: Vec<_> = real.map(|it| it.name).collect();
    assert_eq!(names, ["work-stealing", "executors"]);
}

fn copy(of: &Scenario) -> Scenario {
    Scenario {
        question: scenario::Question { ..of.question },
        ..*of
    }
}

fn assert_text(text: &str, widest: usize) {
    assert!(!text.is_empty());
    assert!(
        text.width() <= widest,
        "{} > {widest}: {text}",
        text.width()
    );
    assert!(text.split(' ').all(|word| !word.is_empty()), "{text:?}");
    assert!(!text.contains(char::is_control), "{text:?}");
}
