use super::*;
use crate::marker::sign;
use crate::marker::tests::comment;

const BOT: &str = "github-actions[bot]";

fn run(id: u64) -> Run {
    Run { id, attempt: 1 }
}

fn wanted(text: &str) -> Wanted {
    Wanted {
        key: "k".to_owned(),
        run: Some(run(1001)),
        text: text.to_owned(),
        ..Wanted::default()
    }
}

fn plan_of(comments: &[Comment], wanted: &Wanted) -> Plan {
    upsert(comments, &Identity::Actions, wanted, LONGEST)
}

fn plan(comments: &[Comment]) -> Plan {
    plan_of(comments, &wanted("ready"))
}

fn step(comments: &[Comment]) -> Step {
    let plan = plan(comments);
    assert!(plan.leftovers.is_empty(), "{plan:?}");
    plan.step
}

#[test]
fn the_first_time_a_comment_is_made() {
    assert_eq!(step(&[]), Step::Create);
    assert_eq!(step(&[comment(1, BOT, "another bot comment")]), Step::Create);
}

#[test]
fn the_same_text_is_not_written_twice() {
    let text = sign("k", Some(run(1001)), "ready");
    assert_eq!(step(&[comment(7, BOT, &text)]), Step::Same(7));
}

#[test]
fn the_same_text_of_an_older_run_is_this_runs_from_now_on() {
    let after = |written| step(&[comment(7, BOT, &sign("k", written, "ready"))]);
    assert_eq!(after(Some(run(1000))), Step::Renew(7));
    assert_eq!(after(None), Step::Renew(7));
    let outside = Wanted {
        run: None,
        ..wanted("ready")
    };
    let text = sign("k", Some(run(1000)), "ready");
    let plan = plan_of(&[comment(7, BOT, &text)], &outside);
    assert_eq!(plan.step, Step::Same(7));
}

#[test]
fn a_person_who_pastes_our_marker_keeps_their_comment() {
    let text = sign("k", Some(run(1000)), "mine");
    assert_eq!(step(&[comment(3, "octocat", &text)]), Step::Create);
    let comments = [comment(3, "octocat", &text), comment(4, BOT, &text)];
    assert_eq!(step(&comments), Step::Edit(4));
}

#[test]
fn the_oldest_of_several_is_kept() {
    let text = sign("k", Some(run(1000)), "old");
    let comments = [comment(9, BOT, &text), comment(5, BOT, &text), comment(7, BOT, &text)];
    let plan = plan(&comments);
    assert_eq!((plan.step, plan.leftovers), (Step::Edit(5), vec![7, 9]));
}

#[test]
fn a_new_comment_is_made_before_the_former_one_goes() {
    let old = comment(5, BOT, &sign("k", Some(run(1000)), "old"));
    let new = comment(9, BOT, &sign("k", Some(run(1001)), "ready"));
    for mode in [Mode::Recreate, Mode::HidePrevious] {
        let anew = Wanted {
            mode,
            ..wanted("ready")
        };
        let first = plan_of(std::slice::from_ref(&old), &anew);
        assert_eq!((first.step, first.leftovers), (Step::Create, vec![]));
        let then = plan_of(&[old.clone(), new.clone()], &anew);
        assert_eq!((then.step, then.leftovers), (Step::Same(9), vec![5]));
        assert_eq!(plan_of(std::slice::from_ref(&new), &anew).step, Step::Same(9));
        // The same words in a later run are no news.
        let later = Wanted {
            run: Some(run(1002)),
            ..anew
        };
        assert_eq!(plan_of(std::slice::from_ref(&new), &later).step, Step::Renew(9));
    }
}

#[test]
fn what_is_only_to_be_updated_is_not_made() {
    let only = Wanted {
        mode: Mode::OnlyUpdate,
        ..wanted("removed")
    };
    assert_eq!(plan_of(&[], &only).step, Step::Absent);
    let old = comment(5, BOT, &sign("k", Some(run(1000)), "old"));
    assert_eq!(plan_of(&[old], &only).step, Step::Edit(5));
}

/// The comment after a run, as GitHub has it then.
fn written(comments: &[Comment], wanted: &Wanted) -> Comment {
    let plan = plan_of(comments, wanted);
    let id = match plan.step {
        Step::Edit(id) | Step::Renew(id) => id,
        Step::Create => 1,
        step => panic!("{step:?}"),
    };
    comment(id, BOT, &plan.document.body("k"))
}

#[test]
fn each_section_has_a_fence_of_its_own() {
    let part = |section: &str, id: u64, text: &str| Wanted {
        section: section.to_owned(),
        run: Some(run(id)),
        ..wanted(text)
    };
    let one = written(&[], &part("e2e", 1005, "e2e passed"));
    let two = written(&[one], &part("unit", 1001, "unit passed"));
    assert!(two.text().contains("e2e passed") && two.text().contains("unit passed"));
    let again = std::slice::from_ref(&two);
    assert_eq!(
        plan_of(again, &part("e2e", 1004, "old")).step,
        Step::Newer(1, run(1005))
    );
    assert_eq!(plan_of(again, &part("unit", 1001, "unit passed")).step, Step::Same(1));
    let three = written(again, &part("unit", 1002, "unit failed"));
    assert!(three.text().contains("e2e passed") && !three.text().contains("unit passed"));
    // The environment's part stands above, and touches none of them.
    let four = written(&[three], &part(MAIN, 1001, "ready"));
    let at = |text: &str| four.text().find(text).unwrap();
    assert!(
        at("ready") < at("e2e passed") && at("e2e passed") < at("unit failed"),
        "{}",
        four.text()
    );
    let gone = |section: &str| Wanted {
        change: Change::Remove,
        ..part(section, 1006, "")
    };
    let five = written(&[four], &gone("e2e"));
    assert!(!five.text().contains("e2e"), "{}", five.text());
    let six = written(&[five], &gone(MAIN));
    assert_eq!(plan_of(&[six], &gone("unit")).step, Step::Delete(vec![1]));
}

#[test]
fn the_start_of_a_section_is_told_once_a_run() {
    let begin = |id: u64, text: &str| Wanted {
        change: Change::Begin,
        section: "e2e".to_owned(),
        run: Some(run(id)),
        ..wanted(text)
    };
    let one = written(&[], &begin(1001, "begun at 10:00"));
    let plan = plan_of(std::slice::from_ref(&one), &begin(1001, "begun at 10:01"));
    assert_eq!(plan.step, Step::Same(1));
    assert_eq!(plan_of(&[one], &begin(1002, "begun at 10:02")).step, Step::Edit(1));
}

#[test]
fn what_is_under_way_stands_above_and_ends_with_it() {
    let begin = |id: u64| Wanted {
        change: Change::Begin,
        run: Some(run(id)),
        ..wanted("being made")
    };
    let ready = |id: u64| Wanted {
        run: Some(run(id)),
        ..wanted("ready")
    };
    let one = written(&[], &begin(1001));
    let restarted = Wanted {
        text: "being made, later".to_owned(),
        ..begin(1001)
    };
    assert_eq!(plan_of(std::slice::from_ref(&one), &restarted).step, Step::Same(1));
    let two = written(&[one], &ready(1001));
    assert_eq!(two.text(), sign("k", Some(run(1001)), "ready\n"));
    let three = written(&[two], &begin(1002));
    assert!(
        three.text().find("being made") < three.text().find("ready"),
        "{}",
        three.text()
    );
    // The older run's end is no news any more.
    assert_eq!(
        plan_of(std::slice::from_ref(&three), &ready(1001)).step,
        Step::Newer(1, run(1002))
    );
    let four = written(&[three], &ready(1002));
    assert!(!four.text().contains("being made"));
}

#[test]
fn what_is_gone_is_folded_away_and_shown_when_it_is_back() {
    let gone = Wanted {
        hide: true,
        ..wanted("removed")
    };
    let one = written(&[], &gone);
    assert_eq!(plan_of(std::slice::from_ref(&one), &gone).step, Step::Same(1));
    let back = plan_of(
        &[one],
        &Wanted {
            run: Some(run(1002)),
            ..wanted("ready")
        },
    );
    assert_eq!((back.step, back.show), (Step::Edit(1), true));
}

#[test]
fn an_entry_below_is_added_by_an_older_run_too() {
    let add = |id: u64, text: &str| Wanted {
        mode: Mode::Append,
        run: Some(run(id)),
        ..wanted(text)
    };
    let one = written(&[], &add(1002, "second"));
    let two = written(&[one], &add(1001, "first"));
    assert!(
        two.text().contains("first") && two.text().contains("second"),
        "{}",
        two.text()
    );
    for wanted in [add(1001, "first"), add(1002, "second")] {
        assert_eq!(plan_of(std::slice::from_ref(&two), &wanted).step, Step::Same(1));
    }
}

#[test]
fn an_older_run_leaves_the_newer_ones_comment() {
    let text = sign("k", Some(run(1002)), "newer");
    let later = run(1002);
    assert_eq!(step(&[comment(5, BOT, &text)]), Step::Newer(5, later));
    assert_eq!(
        delete(&[comment(5, BOT, &text)], &Identity::Actions, "k", Some(run(1001))),
        Err((5, later))
    );
}

#[test]
fn outside_a_workflow_the_last_one_wins() {
    let text = sign("k", Some(run(1002)), "newer");
    let wanted = Wanted {
        run: None,
        ..wanted("ready")
    };
    let plan = plan_of(&[comment(5, BOT, &text)], &wanted);
    assert_eq!(plan.step, Step::Edit(5));
}

#[test]
fn all_of_ours_are_deleted_and_nobody_elses() {
    let text = sign("k", Some(run(1000)), "x");
    let comments = [
        comment(1, "octocat", &text),
        comment(2, BOT, &text),
        comment(3, BOT, &sign("other", None, "x")),
        comment(4, BOT, &text),
    ];
    assert_eq!(
        delete(&comments, &Identity::Actions, "k", Some(run(1001))),
        Ok(vec![2, 4])
    );
}
