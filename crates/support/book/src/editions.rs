//! Compares the built editions: both have the same headings, links, pictures and code.

use std::fs;
use std::io;
use std::path::Path;

use regex::Regex;

const LANGUAGE: &str = "zh-CN";

/// Every difference between the pages in `book`, which are English, and those in its folder `zh-CN`.
///
/// # Errors
///
/// If a page cannot be read.
pub fn editions(book: &Path) -> io::Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut names: Vec<_> = fs::read_dir(book)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    for name in names.iter().filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "html")) {
        let path = Path::new(LANGUAGE).join(name);
        let english = parts(&fs::read_to_string(book.join(name))?);
        let Ok(chinese) = fs::read_to_string(book.join(&path)) else {
            problems.push(format!("{} is not there\n    build both editions with scripts/book build", path.display()));
            continue;
        };
        for ((what, english), (_, chinese)) in english.into_iter().zip(parts(&chinese)) {
            // The Chinese pages are one folder further down.
            let chinese: Vec<_> =
                chinese.iter().map(|part| part.strip_prefix("../").unwrap_or(part).to_owned()).collect();
            let differs = (0..english.len().max(chinese.len())).find(|&i| english.get(i) != chinese.get(i));
            if let Some(index) = differs {
                let [english, chinese] =
                    [english, chinese].map(|parts| parts.get(index).map_or("(nothing)".into(), String::clone));
                problems.push(format!(
                    "{}: another {what} than in English\n    English: {english}\n    Chinese: {chinese}",
                    path.display()
                ));
            }
        }
    }
    Ok(problems)
}

/// What must not depend on the language, in the part of a page that is its chapter.
fn parts(html: &str) -> [(&'static str, Vec<String>); 3] {
    let main = html.split_once("<main>").map_or("", |(_, rest)| rest);
    let main = main.split_once("</main>").map_or(main, |(main, _)| main);
    // The tests use each pattern, so each is valid.
    let all = |pattern: &str| -> Vec<String> {
        let pattern = Regex::new(pattern).expect("valid");
        pattern.captures_iter(main).map(|found| found[1].to_owned()).collect()
    };
    let mut links = all(r#" (?:href|src)="([^"]*)""#);
    // A sentence may have its links in another order.
    links.sort();
    [("id", all(r#" id="([^"]*)""#)), ("link", links), ("code", all(r"(?s)<pre>(.*?)</pre>"))]
}
