//! What a timeline shows of each stage, on any schedule.

use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use equivalence::{EntryPoint, Fixture, Settings};
use roxmltree::Document;
use timeline::{Kind, Picture, Recording, Span, Work, begin, draw, draw_all, install, recorded, top, watched};

const INPUTS: usize = 5;
/// Of a watched runtime.
const WORKERS: usize = 2;

/// One run of each stage. A process has one recorder, so the stages run once for all tests, one after the other.
static RUNS: LazyLock<[Recording; 5]> = LazyLock::new(|| {
    install().expect("there is no other subscriber");
    [
        run(stage1::merge, false),
        run(|inputs, interval, output| stage2::merge_on(watched(), inputs, interval, output), true),
        run(|inputs, interval, output| stage3::merge_on(watched(), inputs, interval, output), true),
        run(|inputs, interval, output| stage4::merge_on(watched(), inputs, interval, output), true),
        run(|inputs, interval, output| stage5::merge_on(watched(), inputs, interval, output), true),
    ]
});

fn stage(number: usize) -> &'static Recording {
    &RUNS[number - 1]
}

/// Every input gets a line, and then nothing until the followers have waited for a while. The fixture is the watchdog.
fn run(merge: EntryPoint, has_runtime: bool) -> Recording {
    let settings = Settings::default();
    let mut fixture = Fixture::new(INPUTS, &settings);
    begin();
    let run = fixture.start(move |inputs, interval, output| {
        let _top = top();
        merge(inputs, interval, output)
    });
    let mut expected = String::new();
    for input in 0..INPUTS {
        let line = format!("a line of input {input}\n");
        fixture.append(input, &line);
        expected += &line;
        run.await_output(expected.as_bytes()).expect("the line comes out");
    }
    let deadline = Instant::now() + settings.patience;
    let waited = |input| {
        let looks = [Work::Wait, Work::Poll].map(|work| of(&recorded(), work, input));
        looks.iter().sum::<usize>() > 3
    };
    // A thread of a runtime is known as a worker when it has parked once.
    let workers = || count(&recorded(), |kind| is_worker(&kind)) == if has_runtime { WORKERS } else { 0 };
    while !(0..INPUTS).all(waited) || !workers() {
        assert!(Instant::now() < deadline, "the followers do not wait: {}", recorded().caption());
        thread::sleep(Duration::from_millis(1));
    }
    run.close_all();
    run.await_end().expect("the run ends well");
    recorded()
}

/// The number of spans of this kind for this input.
fn of(recording: &Recording, work: Work, input: usize) -> usize {
    recording.all(work).filter(|span| span.input == Some(input)).count()
}

/// The kinds of thread that did this work, each once. There must be some.
fn kinds(recording: &Recording, work: Work) -> Vec<Kind> {
    let mut kinds: Vec<_> = recording.all(work).map(|span| recording.kind(span)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert!(!kinds.is_empty(), "no {work:?} was recorded");
    kinds
}

fn is_worker(kind: &Kind) -> bool {
    matches!(kind, Kind::Worker(_))
}

fn count(recording: &Recording, is_it: impl Fn(Kind) -> bool) -> usize {
    recording.threads.iter().filter(|thread| is_it(thread.kind)).count()
}

fn lies_in(inner: &Span, outer: &Span) -> bool {
    inner.thread == outer.thread && inner.input == outer.input && inner.from >= outer.from && inner.to <= outer.to
}

#[test]
fn every_read_is_of_an_input_and_every_input_is_read_on_every_stage() {
    for recording in &*RUNS {
        assert_eq!(recording.inputs(), INPUTS);
        assert!(recording.all(Work::Read).all(|read| read.input.is_some()));
        // Its line, and its end.
        assert!((0..INPUTS).all(|input| of(recording, Work::Read, input) >= 2));
        // One line at a time.
        assert_eq!(recording.all(Work::Write).count(), INPUTS);
    }
}

#[test]
fn what_a_thread_does_lies_in_its_life_on_every_stage() {
    for recording in &*RUNS {
        for span in recording.spans.iter().filter(|span| span.work != Work::Task) {
            let thread = &recording.threads[span.thread];
            assert!(thread.from <= span.from && span.to <= thread.to, "{span:?} on {thread:?}");
        }
    }
}

#[test]
fn on_stage_1_every_wait_holds_a_thread() {
    let recording = stage(1);
    assert_eq!(count(recording, |kind| kind == Kind::Plain), INPUTS + 1);
    assert_eq!(recording.threads.len(), INPUTS + 1);
    assert_eq!(kinds(recording, Work::Wait), [Kind::Plain]);
    for wait in recording.all(Work::Wait) {
        assert!(recording.all(Work::Follower).any(|follower| lies_in(wait, follower)), "{wait:?}");
    }
}

#[test]
fn on_stage_1_a_follower_reads_and_writes_on_its_own_thread() {
    let recording = stage(1);
    for span in recording.all(Work::Read).chain(recording.all(Work::Write)) {
        assert!(recording.all(Work::Follower).any(|follower| lies_in(span, follower)), "{span:?}");
    }
}

#[test]
fn on_stage_2_every_follower_holds_a_pool_thread_and_the_writer_has_one_as_well() {
    let recording = stage(2);
    assert_eq!(count(recording, |kind| kind == Kind::Pool), INPUTS + 1);
    for work in [Work::Follower, Work::Read, Work::Wait, Work::Write] {
        assert_eq!(kinds(recording, work), [Kind::Pool], "{work:?}");
    }
    let writes: Vec<_> = recording.all(Work::Write).map(|write| write.thread).collect();
    assert!(writes.iter().all(|thread| *thread == writes[0]), "more than one writer");
    assert!(recording.all(Work::Follower).all(|follower| follower.thread != writes[0]), "the writer follows");
}

#[test]
fn on_stage_3_a_follower_is_polled_and_writes_on_its_own_thread_and_reads_on_the_pool() {
    let recording = stage(3);
    assert_eq!(kinds(recording, Work::Read), [Kind::Pool]);
    for span in recording.all(Work::Poll).chain(recording.all(Work::Write)) {
        assert_eq!(recording.kind(span), Kind::Plain);
        assert!(recording.all(Work::Task).any(|task| lies_in(span, task)), "{span:?}");
    }
    assert_eq!(recording.free_tasks().count(), 0, "`block_on` waits with its task");
}

#[test]
fn on_stages_4_and_5_no_read_and_no_write_runs_on_a_runtime_worker() {
    for recording in [stage(4), stage(5)] {
        for work in [Work::Read, Work::Write] {
            assert_eq!(kinds(recording, work), [Kind::Pool], "{work:?}");
        }
    }
}

#[test]
fn on_stages_4_and_5_tasks_are_polled_by_workers_and_hold_no_thread() {
    for recording in [stage(4), stage(5)] {
        assert!(kinds(recording, Work::Poll).iter().all(is_worker));
        assert_eq!(recording.free_tasks().count(), INPUTS);
        assert_eq!(recording.all(Work::Wait).count(), 0);
    }
}

#[test]
fn no_stage_does_anything_that_blocks_on_a_runtime_worker() {
    for recording in &RUNS[1..] {
        assert_eq!(count(recording, |kind| is_worker(&kind)), WORKERS);
        let blocking = recording.spans.iter().filter(|span| span.work != Work::Poll && span.work != Work::Task);
        assert!(!blocking.map(|span| recording.kind(span)).any(|kind| is_worker(&kind)), "{}", recording.caption());
    }
}

#[test]
fn the_pictures_are_well_formed_and_name_every_thread() {
    let pictures = RUNS.each_ref().map(|recording| Picture {
        name: "a <stage>".into(),
        place: "here & there".into(),
        sentence: "It has \"threads\".".into(),
        recording: recording.clone(),
    });
    for (picture, drawn) in pictures.iter().zip(draw(&pictures)) {
        let document = Document::parse(&drawn).expect("XML");
        let texts = document.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text());
        let texts: Vec<_> = texts.collect();
        assert!(texts.contains(&"a <stage>") && texts.contains(&"here & there"), "{texts:?}");
        let starts = ["top", "follower ", "worker ", "pool ", "writer"];
        let names = texts.iter().filter(|text| starts.iter().any(|start| text.starts_with(start)));
        let (threads, tasks) = (picture.recording.threads.len(), picture.recording.free_tasks().count());
        assert_eq!(names.count(), threads + tasks, "{texts:?}");
    }
    Document::parse(&draw_all(&pictures)).expect("XML");
}
