//! Plans for a lesson, minute by minute. They stand in `notes/plans.toml`.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::check::html_in;
use crate::notes::{Course, parse};
use crate::pages::cell;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plans {
    plan: Vec<Plan>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    name: String,
    minutes: u32,
    step: Vec<Step>,
}

/// A part of a plan: an exercise, or something else that has a title.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    minutes: u32,
    exercise: Option<String>,
    title: Option<String>,
    /// What the teacher shows, asks and says.
    #[serde(default)]
    teacher: String,
}

impl Plans {
    /// Reads the plans of the exercises' package at `root`.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        parse(&root.join("notes/plans.toml"))
    }

    pub(crate) fn plan(&self, name: &str) -> Result<&Plan> {
        self.plan.iter().find(|plan| plan.name == name).with_context(|| format!("there is no plan {name}"))
    }

    /// The names of the exercises of a plan.
    pub(crate) fn exercises(&self, name: &str) -> Result<Vec<String>> {
        Ok(self.plan(name)?.step.iter().filter_map(|step| step.exercise.clone()).collect())
    }

    /// Exercises that do not exist or have too little time, and minutes that do not add up.
    pub(crate) fn problems(&self, course: &Course) -> Vec<String> {
        let mut problems = Vec::new();
        for plan in &self.plan {
            let mut problem = |what: String| problems.push(format!("plan {}: {what}", plan.name));
            let sum: u32 = plan.step.iter().map(|step| step.minutes).sum();
            if sum != plan.minutes {
                problem(format!("its steps take {sum} minutes, not {}", plan.minutes));
            }
            for step in &plan.step {
                match (&step.exercise, &step.title) {
                    (Some(name), None) => match course.exercise(name).map(|exercise| exercise.header.minutes) {
                        Ok(minutes) if minutes > step.minutes => {
                            problem(format!("{name} has {} minutes, and takes {minutes}", step.minutes));
                        }
                        Ok(_) => {}
                        Err(error) => problem(error.to_string()),
                    },
                    (None, Some(title)) => html_in(title).into_iter().for_each(&mut problem),
                    _ => problem(format!("{step:?} needs either an exercise or a title")),
                }
                html_in(&step.teacher).into_iter().for_each(&mut problem);
            }
        }
        problems
    }
}

/// A plan as a table in Markdown: the time since the start, the minutes, the step, and what the teacher does.
pub(crate) fn table(course: &Course, plan: &Plan) -> String {
    let mut table = "| time | min | | you show and say |\n|---:|---:|---|---|\n".to_owned();
    let clock = |minutes: u32| format!("{}:{:02}", minutes / 60, minutes % 60);
    let mut at = 0;
    for Step { minutes, exercise, title, teacher } in &plan.step {
        let what = match exercise {
            Some(name) => {
                // `problems` reports a missing exercise.
                let title = course.exercise(name).map_or("", |exercise| &exercise.header.title);
                format!("**`{name}`** {}", cell(title))
            }
            None => title.clone().unwrap_or_default(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {} | {minutes} | {} | {} |", clock(at), what.trim(), cell(teacher));
        at += minutes;
    }
    table + &format!("| {} | **{at}** | *the end* | |\n", clock(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes::tests::course;

    fn plans(steps: &str) -> Plans {
        toml::from_str(&format!("[[plan]]\nname = 'one'\nminutes = 90\n{steps}")).expect("a plan")
    }

    #[test]
    fn a_plan_is_a_table_with_the_time_since_the_start() {
        let (course, plans) = (
            course(),
            plans(
                "step = [{ minutes = 65, title = 'Talk', teacher = 'Say `a|b`.' }, { minutes = 25, exercise = 'threads1' }]",
            ),
        );
        assert!(plans.problems(&course).is_empty());
        let title = &course.exercise("threads1").expect("it is there").header.title;
        assert_eq!(
            table(&course, plans.plan("one").expect("it is there")),
            format!(
                "| time | min | | you show and say |\n|---:|---:|---|---|\n| 0:00 | 65 | Talk | Say `a\\|b`. |\n\
                 | 1:05 | 25 | **`threads1`** {title} |  |\n| 1:30 | **90** | *the end* | |\n"
            )
        );
    }

    #[test]
    fn minutes_that_do_not_add_up_are_a_problem() {
        let plans = plans("step = [{ minutes = 89, title = 'Talk' }]");
        assert_eq!(plans.problems(&course()), ["plan one: its steps take 89 minutes, not 90"]);
    }

    #[test]
    fn an_exercise_that_is_not_there_or_has_too_little_time_is_a_problem() {
        let problems = plans(
            "step = [{ minutes = 88, exercise = 'threads99' }, { minutes = 1, exercise = 'threads1' }, { minutes = 1 }]",
        )
        .problems(&course());
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert_eq!(problems[0], "plan one: there is no exercise threads99");
        assert!(problems[1].starts_with("plan one: threads1 has 1 minutes, and takes "), "{problems:?}");
        assert!(problems[2].ends_with("needs either an exercise or a title"), "{problems:?}");
    }
}
