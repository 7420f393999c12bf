//! Each kind of problem of the translation, planted in a small one and found.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// A book whose translation has one message.
struct Scratch(TempDir);

impl Scratch {
    fn new(english: &str, chinese: &str) -> Self {
        let scratch = Self(TempDir::new().expect("a scratch folder"));
        scratch.write("README.md", "# A program\n");
        scratch.write("docs/src/SUMMARY.md", "- [One](one.md)\n");
        scratch.write("docs/src/one.md", "# One\n");
        scratch.write("docs/po/terms.md", "| English | 中文 |\n|---|---|\n| task / job | 任务 / 作业 |\n");
        scratch.write("docs/po/zh-CN.po", &messages(&[(english, chinese)]));
        scratch
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().expect("a path in the scratch folder")).expect("a scratch folder");
        fs::write(path, text).expect("a scratch file");
    }

    fn problems(&self) -> Vec<String> {
        book::lint(self.0.path()).expect("a summary, a README and a translation")
    }

    /// The problems if the English text has these messages.
    fn behind(&self, english: &[&str]) -> Vec<String> {
        let messages = messages(&english.iter().map(|&message| (message, "")).collect::<Vec<_>>());
        self.write("messages.pot", &messages);
        book::behind(self.0.path(), &self.0.path().join("messages.pot")).expect("two files of messages")
    }
}

const HEADER: &str = r#"
msgid ""
msgstr ""
"Project-Id-Version: A book\n"
"POT-Creation-Date: \n"
"PO-Revision-Date: \n"
"Last-Translator: \n"
"Language-Team: \n"
"Language: zh-CN\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=1; plural=0;\n"
"#;

fn messages(messages: &[(&str, &str)]) -> String {
    let texts =
        messages.iter().map(|(english, chinese)| format!("\n#: src/one.md\nmsgid {english:?}\nmsgstr {chinese:?}\n"));
    HEADER.to_owned() + &texts.collect::<String>()
}

#[track_caller]
fn one_problem(problems: &[String], says: &[&str]) {
    assert_eq!(problems.len(), 1, "{problems:#?}");
    for words in says {
        assert!(problems[0].contains(words), "does not say {words:?}: {}", problems[0]);
    }
}

#[track_caller]
fn rejected(english: &str, chinese: &str, says: &[&str]) {
    let says = [says, &["docs/po/zh-CN.po: docs/src/one.md: "]].concat();
    one_problem(&Scratch::new(english, chinese).problems(), &says);
}

#[track_caller]
fn accepted(english: &str, chinese: &str) {
    assert_eq!(Scratch::new(english, chinese).problems(), Vec::<String>::new());
}

#[test]
fn a_translation_that_keeps_what_it_must_has_no_problem() {
    accepted(
        "A **task** calls `f` [here](a.md#b) in 1.5 s.<br>It is _one_ of 5.9 million jobs.",
        "**任务**在 1.5 s 内[于此](a.md#b)调用 `f`。<br>它是 590 万个作业中的 _一个_ 。",
    );
    accepted("62,000 lines", "6.2 万行");
    accepted("GNU tail", "GNU tail");
}

#[test]
fn a_book_without_a_translation_has_no_problem() {
    let scratch = Scratch::new("A thing", "");
    fs::remove_dir_all(scratch.0.path().join("docs/po")).expect("the translation");
    assert_eq!(scratch.problems(), Vec::<String>::new());
}

#[test]
fn a_message_that_is_not_translated_is_found() {
    rejected("A thing", "", &["is not translated"]);
    rejected("Nothing of this is Chinese.", "Nothing of this is Chinese.", &["without a Chinese word"]);
}

#[test]
fn a_message_without_words_needs_no_translation() {
    accepted("`code`", "");
    accepted("[`code`](a.md)", "");
    accepted("1.25 ms", "");
    accepted("128 KiB", "");
    rejected("5 inputs", "", &["is not translated"]);
}

#[test]
fn a_fuzzy_message_is_found() {
    let scratch = Scratch::new("A thing", "东西");
    scratch.write("docs/po/zh-CN.po", &messages(&[("A thing", "东西")]).replace("#: src", "#, fuzzy\n#: src"));
    one_problem(&scratch.problems(), &["has changed since it was translated"]);
}

#[test]
fn code_is_kept() {
    rejected("Call `f`.", "调用 `g`。", &[r#"the code ["f"]"#, r#"["g"]"#]);
    rejected("Call `f`.", "调用它。", &["the code"]);
}

#[test]
fn a_link_is_kept() {
    rejected("See [here](a.md#b).", "见[这里](a.md#这里)。", &["the link", "a.md#b"]);
    rejected("![A plot](a.svg)", "一张图", &["the link", "a.svg"]);
}

#[test]
fn a_number_is_kept() {
    rejected("Of 48 lines 3 are lost.", "48 行中丢了 4 行。", &["the number"]);
    accepted("In August 2025", "2025 年 8 月");
    rejected("Of 5.9 million", "59 万中的", &["the number", "5900000", "590000"]);
}

#[test]
fn html_is_kept() {
    rejected("One<br>two", "一二", &["the HTML", "<br>"]);
}

#[test]
fn emphasis_that_chinese_letters_hide_is_found() {
    rejected("It is _here_.", "它_在_这里。", &["the visible mark"]);
    rejected("See **[here](a.md)** now.", "现在看**[这里](a.md)**的话。", &["the visible mark"]);
}

#[test]
fn a_term_is_used() {
    rejected("Two tasks wait.", "两个线程在等待。", &["the term task / job", "任务 / 作业", "terms.md"]);
    accepted("Two jobs wait.", "两个任务在等待。");
    accepted("multitasking", "多路");
    for name in ["[src/task/mod.rs](a.md)", "the crate some-task", "<code>task</code>", "\"the task was cancelled\""] {
        accepted(&format!("See {name}."), &format!("见 {name}。"));
    }
}

#[test]
fn a_new_message_of_the_english_text_is_found() {
    let scratch = Scratch::new("A thing", "东西");
    assert_eq!(scratch.behind(&["A thing", "`code`"]), Vec::<String>::new());
    one_problem(&scratch.behind(&["A thing", "Another thing"]), &["\"Another thing\" is new", "book translate"]);
}

#[test]
fn a_message_that_has_left_the_english_text_is_found() {
    let scratch = Scratch::new("A thing", "东西");
    one_problem(&scratch.behind(&[]), &["\"A thing\" is no longer in the English text", "book translate"]);
}

#[test]
fn only_messages_with_words_are_collected() {
    let scratch = Scratch::new("A thing", "");
    scratch.write("messages.pot", &messages(&[("A thing", ""), ("`code`", ""), ("1.5 s", "")]));
    let template = scratch.0.path().join("messages.pot");
    book::reduce(&template).expect("a file of messages");
    let left = fs::read_to_string(template).expect("a file of messages");
    assert!(left.contains("A thing") && !left.contains("code") && !left.contains("1.5 s"), "{left}");
}

/// The chapter that mdBook gets back, if it prepares for `renderer`.
fn prepared(chapter: &str, renderer: &str) -> String {
    let chapter = serde_json::json!({ "Chapter": { "name": "One", "content": chapter, "sub_items": [] } });
    let outer = serde_json::json!({ "Chapter": { "name": "Outer", "content": "", "sub_items": [chapter] } });
    let input = serde_json::json!([{ "renderer": renderer }, { "items": ["Separator", outer] }]);
    let output = book::prepare(&input.to_string()).expect("what mdBook sends");
    let output: serde_json::Value = serde_json::from_str(&output).expect("JSON");
    output["items"][1]["Chapter"]["sub_items"][0]["Chapter"]["content"].as_str().expect("a chapter").to_owned()
}

#[test]
fn a_heading_gets_the_id_that_it_has_in_english() {
    let page = prepared("# One\n\n## A `task`, and more\n\n# One\n", "html");
    assert_eq!(page, "# One {#one}\n\n## A `task`, and more {#a-task-and-more}\n\n# One {#one-1}\n");
}

#[test]
fn a_summary_becomes_a_message() {
    let page = prepared("<details><summary>Why <code>f</code>?</summary>\n\nSo.\n\n</details>\n", "html");
    assert_eq!(page, "<details><summary>\n\nWhy <code>f</code>?\n\n</summary>\n\nSo.\n\n</details>\n");
}

#[test]
fn code_is_no_message() {
    let chapter = "Text.\n\n```rust\n// Code.\n```\n\nMore.\n";
    assert_eq!(prepared(chapter, "html"), chapter);
    assert!(!prepared(chapter, "xgettext").contains("Code"));
}

/// The differences between two built pages.
fn compared(english: &str, chinese: &str) -> Vec<String> {
    let folder = TempDir::new().expect("a scratch folder");
    fs::create_dir(folder.path().join("zh-CN")).expect("a scratch folder");
    let page = |path: &str, main: &str| {
        fs::write(folder.path().join(path), format!("<a href=\"x\"><main>{main}</main>")).expect("a scratch file");
    };
    page("one.html", english);
    page("zh-CN/one.html", chinese);
    book::editions(folder.path()).expect("two pages")
}

#[test]
fn editions_that_differ_in_their_words_only_have_no_problem() {
    let english = r##"<h2 id="a"><a href="#a">A</a></h2><img src="a.svg"><a href="../../crates/x">x</a><pre>c</pre>"##;
    let chinese =
        r##"<h2 id="a"><a href="#a">甲</a></h2><a href="../../../crates/x">x</a><img src="a.svg"><pre>c</pre>"##;
    assert_eq!(compared(english, chinese), Vec::<String>::new());
}

#[test]
fn another_id_link_or_code_in_the_chinese_edition_is_found() {
    one_problem(&compared(r#"<h2 id="a">"#, r#"<h2 id="b">"#), &["zh-CN", "another id", "English: a", "Chinese: b"]);
    one_problem(&compared(r#"<a href="a">"#, ""), &["another link", "English: a", "Chinese: (nothing)"]);
    one_problem(&compared(r#"<a href="../x">"#, r#"<a href="../x">"#), &["another link"]);
    one_problem(&compared("<pre>a\nb</pre>", "<pre>a\nc</pre>"), &["another code"]);
}

#[test]
fn a_page_without_a_translation_is_found() {
    let folder = TempDir::new().expect("a scratch folder");
    fs::write(folder.path().join("one.html"), "<main></main>").expect("a scratch file");
    one_problem(&book::editions(Path::new(folder.path())).expect("a page"), &["one.html is not there"]);
}
