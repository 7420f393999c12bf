//! Plans for a lesson: what is done from minute to minute. They stand in `notes/plans.toml`.

use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::notes::{Course, parse};
use crate::pages::{cell, prose};
use crate::{Error, Result};

/// All plans.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plans {
    plan: Vec<Plan>,
}

/// One stretch of time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What it is called on the command line.
    pub name: String,
    /// How long it is.
    pub minutes: u32,
    /// What is done, one after the other.
    pub step: Vec<Step>,
}

/// A part of a plan: an exercise, or something else with a title.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// How long it takes.
    pub minutes: u32,
    /// The exercise that the class does.
    pub exercise: Option<String>,
    /// What it is called, when it is no exercise.
    pub title: Option<String>,
    /// What the teacher shows, asks and says.
    #[serde(default)]
    pub teacher: String,
}

impl Plans {
    /// Reads the plans of the exercises' package at `root`.
    ///
    /// # Errors
    ///
    /// When the file is missing, or does not say what it has to.
    pub fn load(root: &Path) -> Result<Self> {
        parse(&root.join("notes/plans.toml"))
    }

    /// The plan of that name.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPlan`].
    pub fn plan(&self, name: &str) -> Result<&Plan> {
        self.plan.iter().find(|plan| plan.name == name).ok_or_else(|| Error::NoSuchPlan(name.to_owned()))
    }

    /// What does not hold: exercises that are not there or have too little time, and minutes that do not add up.
    #[must_use]
    pub fn problems(&self, course: &Course) -> Vec<String> {
        let mut problems = Vec::new();
        for plan in &self.plan {
            let mut problem = |what: String| problems.push(format!("plan {}: {what}", plan.name));
            let sum: u32 = plan.step.iter().map(|step| step.minutes).sum();
            if sum != plan.minutes {
                problem(format!("its steps take {sum} minutes, not {}", plan.minutes));
            }
            for step in &plan.step {
                match (&step.exercise, &step.title) {
                    (Some(name), None) => match course.exercise(name) {
                        Ok(exercise) if exercise.header.minutes > step.minutes => problem(format!(
                            "{name} has {} minutes, and takes {}",
                            step.minutes, exercise.header.minutes
                        )),
                        Ok(_) => {}
                        Err(error) => problem(error.to_string()),
                    },
                    (None, Some(_)) => {}
                    _ => problem(format!("{step:?} is neither an exercise nor has it a title")),
                }
            }
        }
        problems
    }
}

/// A plan as a table in Markdown: the time since the start, how long, what, and what the teacher does.
#[must_use]
pub fn table(course: &Course, plan: &Plan) -> String {
    let mut table = "| at | min | | you show and say |\n|---:|---:|---|---|\n".to_owned();
    let mut at = 0;
    for step in &plan.step {
        let what = match &step.exercise {
            Some(name) => {
                // Whether it is there is for `problems` to say.
                let title = course.exercise(name).map_or(String::new(), |exercise| cell(&exercise.header.title));
                format!("**`{name}`** {title}")
            }
            None => prose(step.title.as_deref().unwrap_or_default()),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {} | {} | {} | {} |", clock(at), step.minutes, what.trim(), cell(&step.teacher));
        at += step.minutes;
    }
    let _ = writeln!(table, "| {} | **{at}** | *the end* | |", clock(at));
    table
}

fn clock(minutes: u32) -> String {
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans(steps: &str) -> (Plans, Course) {
        let text = format!("[[plan]]\nname = 'one'\nminutes = 90\n{steps}");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../exercises");
        (toml::from_str(&text).expect("a plan"), Course::load(&root).expect("the exercises"))
    }

    #[test]
    fn a_plan_is_a_table_with_the_time_since_the_start() {
        let (plans, course) = plans(
            "step = [{ minutes = 65, title = 'Talk', teacher = 'Say `a|b`.' }, { minutes = 25, exercise = 'threads1' }]",
        );
        assert!(plans.problems(&course).is_empty());
        let title = &course.exercise("threads1").expect("it is there").header.title;
        assert_eq!(
            table(&course, plans.plan("one").expect("it is there")),
            format!(
                "| at | min | | you show and say |\n|---:|---:|---|---|\n| 0:00 | 65 | Talk | Say `a\\|b`. |\n\
                 | 1:05 | 25 | **`threads1`** {title} |  |\n| 1:30 | **90** | *the end* | |\n"
            )
        );
    }

    #[test]
    fn minutes_that_do_not_add_up_are_a_problem() {
        let (plans, course) = plans("step = [{ minutes = 89, title = 'Talk' }]");
        assert_eq!(plans.problems(&course), ["plan one: its steps take 89 minutes, not 90"]);
    }

    #[test]
    fn an_exercise_that_is_not_there_or_has_too_little_time_is_a_problem() {
        let (plans, course) = plans(
            "step = [{ minutes = 88, exercise = 'threads0' }, { minutes = 1, exercise = 'threads1' }, { minutes = 1 }]",
        );
        let problems = plans.problems(&course);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert_eq!(problems[0], "plan one: there is no exercise threads0");
        assert!(problems[1].starts_with("plan one: threads1 has 1 minutes, and takes "), "{problems:?}");
        assert!(problems[2].ends_with("is neither an exercise nor has it a title"), "{problems:?}");
    }
}
