//! Each kind of problem, planted in a small book and found.

// The blocks' commands need a Unix shell.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A book of one chapter and a glossary, without a problem.
struct Scratch(TempDir);

const GLOSSARY: &str = "# Glossary\n\n## Task\n\nA future that the runtime polls.\n";

impl Scratch {
    fn new(chapter: &str) -> Self {
        let scratch = Self(TempDir::new().expect("a scratch folder"));
        scratch.write("README.md", "# A program\n");
        scratch.write("docs/src/SUMMARY.md", "- [One](one.md)\n- [Glossary](glossary.md)\n");
        scratch.write("docs/src/glossary.md", GLOSSARY);
        scratch.write("docs/src/one.md", chapter);
        scratch.write("crates/stage1/src/lib.rs", "// ANCHOR: merge\nfn merge() {}\n// ANCHOR_END: merge\n");
        scratch
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().expect("a path in the scratch folder")).expect("a scratch folder");
        fs::write(path, text).expect("a scratch file");
    }

    fn chapter(&self) -> String {
        fs::read_to_string(self.0.path().join("docs/src/one.md")).expect("the chapter")
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn problems(&self) -> Vec<String> {
        book::check(self.root(), Duration::from_secs(60)).expect("a summary and a README")
    }

    fn update(&self) -> Vec<String> {
        book::update(self.root(), Duration::from_secs(60)).expect("a summary and a README")
    }
}

/// The chapter has one problem, at this line, and its text has these words.
#[track_caller]
fn one_problem(chapter: &str, line: usize, says: &[&str]) {
    let problems = Scratch::new(chapter).problems();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].starts_with(&format!("docs/src/one.md:{line}: ")), "{}", problems[0]);
    for words in says {
        assert!(problems[0].contains(words), "does not say {words:?}: {}", problems[0]);
    }
}

#[track_caller]
fn no_problem(chapter: &str) {
    assert_eq!(Scratch::new(chapter).problems(), Vec::<String>::new());
}

#[test]
fn a_correct_chapter_has_no_problem() {
    no_problem(
        "# One\n\nA [task](glossary.md#task) here, a task there. [Up](#one), [code](../../crates/stage1/src/lib.rs), \
         [docs](../doc/stage1/index.html), [away](https://example.org/nowhere).\n\n\
         ```rust\n{{#include ../../crates/stage1/src/lib.rs:merge}}\n```\n\n\
         <!-- output of: echo hello -->\n```text\nhello\n```\n\n\
         <!-- made by: echo '| a |' -->\n| a |\n<!-- end -->\n\n\
         ```sh\ncargo test -p stage1\n```\n",
    );
}

#[test]
fn an_output_that_has_changed_is_stale() {
    one_problem(
        "# One\n\n<!-- output of: echo new -->\n```text\nold\n```\n",
        3,
        &["`echo new` is stale", "in the page: old", "now:         new", "scripts/book update"],
    );
}

#[test]
fn a_table_that_has_changed_is_stale() {
    one_problem("# One\n\n<!-- made by: echo '| 2 |' -->\n| 1 |\n<!-- end -->\n", 3, &["is stale"]);
}

#[test]
fn a_diff_is_stale_when_only_its_spaces_have_changed() {
    one_problem("# One\n\n<!-- output of: echo '+  a' -->\n```diff\n+ a\n```\n", 3, &["is stale"]);
}

#[test]
fn an_output_is_stale_when_it_has_a_line_less() {
    one_problem("# One\n\n<!-- output of: echo a -->\n```text\na\nb\n```\n", 3, &["in the page: b", "(nothing)"]);
}

#[test]
fn times_may_differ_and_what_a_block_names() {
    no_problem("# One\n\n<!-- output of: echo 'took 1.5s' -->\n```text\ntook 0.1s\n```\n");
    no_problem("# One\n\n<!-- output of [mask numbers]: echo '5 of 7' -->\n```text\n1 of 2\n```\n");
}

#[test]
fn the_reader_types_the_command_that_was_run() {
    no_problem("# One\n\n```sh\necho a\n```\n\n<!-- output of the command above -->\n```text\na\n```\n");
    one_problem(
        "# One\n\n```sh\necho b\n```\n\n<!-- output of the command above -->\n```text\na\n```\n",
        7,
        &["`echo b` is stale"],
    );
    one_problem("# One\n\n<!-- output of the command above [exit 1] -->\n```sh\nx\n```\n", 3, &["stands above"]);
}

#[test]
fn a_command_that_fails_is_a_problem_with_its_error() {
    one_problem(
        "# One\n\n<!-- output of: echo a; echo no such thing >&2; exit 3 -->\n```text\na\n```\n",
        3,
        &["exit code 3, not 0", "no such thing"],
    );
}

#[test]
fn a_command_that_fails_in_a_pipe_is_a_problem() {
    one_problem("# One\n\n<!-- output of: false | cat -->\n```text\n```\n", 3, &["exit code 1"]);
}

#[test]
fn a_command_may_fail_as_its_block_says() {
    no_problem("# One\n\n<!-- output of [exit 3]: echo a; exit 3 -->\n```text\na\n```\n");
    one_problem("# One\n\n<!-- output of [exit 3]: echo a -->\n```text\na\n```\n", 3, &["exit code 0, not 3"]);
}

#[test]
fn a_command_that_hangs_is_killed_with_its_pipeline() {
    let scratch = Scratch::new("# One\n\n<!-- output of: sleep 600 | cat -->\n```text\n```\n");
    let start = Instant::now();
    let problems = book::check(scratch.root(), Duration::from_millis(300)).unwrap();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("did not end within 300ms"), "{}", problems[0]);
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_command_runs_once_for_all_its_blocks() {
    let block = "<!-- output of: echo x >>ran; wc -l <ran | tr -d ' ' -->\n```text\n1\n```\n";
    no_problem(&format!("# One\n\n{block}\n{block}"));
}

#[test]
fn all_blocks_of_a_command_show_the_same() {
    let block = |time| format!("<!-- output of: echo 'took 1.5s' -->\n```text\ntook {time}s\n```\n");
    let chapter = format!("# One\n\n{}\n{}", block("0.1"), block("0.2"));
    one_problem(&chapter, 8, &["is stale", "in the page: took 0.2s", "now:         took 0.1s"]);
    let scratch = Scratch::new(&chapter);
    assert_eq!(scratch.update(), Vec::<String>::new());
    assert_eq!(scratch.chapter(), format!("# One\n\n{}\n{}", block("0.1"), block("0.1")));
}

#[test]
fn a_comment_without_its_block_is_a_problem() {
    one_problem("# One\n\n<!-- output of: echo a -->\n\nText.\n", 3, &["no fenced block follows"]);
    one_problem("# One\n\n<!-- made by: echo a -->\n\nText.\n", 3, &["no `<!-- end -->`"]);
    one_problem("# One\n\n<!-- made by [maks times]: echo a -->\na\n<!-- end -->\n", 3, &["is no option"]);
}

#[test]
fn update_writes_what_is_stale_and_leaves_the_rest() {
    let scratch = Scratch::new(
        "# One\n\n<!-- output of: echo new -->\n```text\nold\nolder\n```\n\n<!-- output of: echo 2.0s -->\n```text\n1.0s\n```\n\nEnd.\n",
    );
    assert_eq!(scratch.update(), Vec::<String>::new());
    assert_eq!(
        scratch.chapter(),
        "# One\n\n<!-- output of: echo new -->\n```text\nnew\n```\n\n<!-- output of: echo 2.0s -->\n```text\n1.0s\n```\n\nEnd.\n",
    );
    assert_eq!(scratch.problems(), Vec::<String>::new());
}

#[test]
fn update_leaves_a_block_alone_when_its_command_fails() {
    let text = "# One\n\n<!-- output of: exit 1 -->\n```text\nold\n```\n";
    let scratch = Scratch::new(text);
    assert_eq!(scratch.update().len(), 1);
    assert_eq!(scratch.chapter(), text);
}

#[test]
fn code_that_is_pasted_is_a_problem() {
    one_problem("# One\n\n```rust\nfn main() {}\n```\n", 4, &["nothing compiles", "{{#include"]);
    one_problem("# One\n\n```rust,ignore\nlet a = 1;\n```\n", 4, &["nothing compiles"]);
    one_problem("# One\n\n    let a = 1;\n", 3, &["indentation"]);
    one_problem("# One\n\n```python\nx = 1\n```\n", 3, &["of the kind `python`"]);
    one_problem("# One\n\n```\nx\n```\n", 3, &["code block of the kind ``"]);
}

#[test]
fn an_output_that_is_pasted_is_a_problem() {
    one_problem("# One\n\n```text\nhello\n```\n", 3, &["no command made"]);
    one_problem("# One\n\n```diff\n+ a\n```\n", 3, &["no command made"]);
}

#[test]
fn a_command_to_type_names_what_is_there() {
    one_problem("# One\n\n```sh\ncargo test -p stage9\n```\n", 4, &["crates/stage9", "not there"]);
    one_problem("# One\n\n```sh\nscripts/nothing\n```\n", 4, &["scripts/nothing"]);
}

#[test]
fn an_include_of_a_missing_file_is_a_problem() {
    one_problem("# One\n\n```rust\n{{#include ../../crates/stage1/src/gone.rs}}\n```\n", 4, &["cannot include"]);
}

#[test]
fn an_include_of_a_missing_anchor_is_a_problem() {
    one_problem(
        "# One\n\n```rust\n{{#include ../../crates/stage1/src/lib.rs:window}}\n```\n",
        4,
        &["has no `ANCHOR: window`"],
    );
}

#[test]
fn an_include_by_line_numbers_is_a_problem() {
    one_problem("# One\n\n```rust\n{{#include ../../crates/stage1/src/lib.rs:1:2}}\n```\n", 4, &["line numbers"]);
}

#[test]
fn an_anchor_with_nothing_in_it_is_a_problem() {
    let scratch = Scratch::new("# One\n\n```rust\n{{#include ../../crates/stage1/src/lib.rs:merge}}\n```\n");
    scratch.write("crates/stage1/src/lib.rs", "// ANCHOR: merge\n// ANCHOR_END: merge\n");
    assert!(scratch.problems()[0].contains("is empty"));
}

#[test]
fn a_link_that_leads_nowhere_is_a_problem() {
    one_problem("# One\n\nSee [two](two.md).\n", 3, &["docs/src/two.md, which is not there"]);
    one_problem("# One\n\nSee [it](../../crates/stage1/src/gone.rs).\n", 3, &["crates/stage1/src/gone.rs"]);
    one_problem("# One\n\nSee [docs](../doc/stage9/index.html).\n", 3, &["no library stage9"]);
    one_problem("# One\n\nSee <a href=\"two.md\">two</a>.\n", 3, &["docs/src/two.md"]);
    one_problem("# One\n\nSee [out](../../../away.md).\n", 3, &["not there"]);
}

#[test]
fn a_fragment_that_is_no_heading_is_a_problem() {
    one_problem("# One\n\nSee [below](#below).\n", 3, &["no heading #below"]);
    one_problem("# One\n\nSee [actor](glossary.md#actor).\n", 3, &["no heading #actor"]);
    one_problem("# One\n\nSee [l](../../crates/stage1/src/lib.rs#L3).\n", 3, &["no page"]);
}

#[test]
fn printed_markdown_may_have_diffs_and_no_pasted_code() {
    let made = |printed: &str| {
        format!("# One\n\n<!-- made by: printf '{}' -->\n{printed}<!-- end -->\n", printed.replace('\n', "\\n"))
    };
    no_problem(&made("```diff\n+ a\n```\n"));
    one_problem(&made("```rust\nfn main() {}\n```\n"), 5, &["nothing compiles"]);
}

#[test]
fn a_picture_that_is_not_there_is_a_problem() {
    one_problem("# One\n\n![Lanes](timelines/stage1.svg)\n", 3, &["docs/src/timelines/stage1.svg"]);
    one_problem("# One\n\n<img src=\"gone.svg\" alt=\"\">\n", 3, &["docs/src/gone.svg"]);
}

#[test]
fn a_missing_chapter_is_a_problem() {
    let scratch = Scratch::new("# One\n");
    fs::remove_file(scratch.root().join("docs/src/one.md")).unwrap();
    assert!(scratch.problems()[0].contains("docs/src/one.md"));
}

#[test]
fn an_unlisted_chapter_is_a_problem() {
    let scratch = Scratch::new("# One\n");
    scratch.write("docs/src/two.md", "# Two\n");
    assert!(scratch.problems()[0].contains("docs/src/two.md is not listed"));
}

#[test]
fn the_readme_is_checked_as_well() {
    let scratch = Scratch::new("# One\n");
    scratch.write("README.md", "# A program\n\n<!-- output of: echo b -->\n```text\na\n```\n\n[gone](gone.md)\n");
    let problems = scratch.problems();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems.iter().all(|problem| problem.starts_with("README.md:")));
}
