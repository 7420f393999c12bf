//! Pictures of what the threads of each stage do.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use timeline::{Picture, watched};

use crate::stages::{SAFETY_NET, STAGES, Stage};
use crate::{Result, about};

/// The stages, with runtimes whose threads are all recorded, even idle ones.
pub const WATCHED: &[Stage] = &[
    STAGES[0],
    Stage { merge: |inputs, interval, output| stage2::merge_on(watched(), inputs, interval, output), ..STAGES[1] },
    Stage { merge: |inputs, interval, output| stage3::merge_on(watched(), inputs, interval, output), ..STAGES[2] },
    Stage { merge: |inputs, interval, output| stage4::merge_on(watched(), inputs, interval, output), ..STAGES[3] },
    Stage { merge: |inputs, _, output| stage5::merge_on(watched(), inputs, SAFETY_NET, output), ..STAGES[4] },
];

/// The pictures of one tour.
#[derive(Debug)]
pub struct Timelines {
    folder: PathBuf,
    pictures: Vec<Picture>,
}

impl Timelines {
    /// Starts to record the stages, for pictures in `folder`, which is created if it is missing.
    ///
    /// # Errors
    ///
    /// If the folder cannot be created, or this process has another `tracing` subscriber.
    pub fn create(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(about("cannot create folder", folder))?;
        timeline::install()?;
        Ok(Self { folder: folder.to_owned(), pictures: Vec::new() })
    }

    /// Takes the recording since the last call as that of `stage`.
    pub(crate) fn take(&mut self, stage: &Stage) {
        self.pictures.push(Picture {
            name: stage.name.to_owned(),
            place: format!("{} top, {} tail", stage.top, stage.tail),
            sentence: stage.sentence.to_owned(),
            recording: timeline::recorded(),
        });
        timeline::begin();
    }

    /// Draws them, all to the same scale, and prints where they are.
    pub(crate) fn draw(mut self, out: &mut impl Write) -> Result<()> {
        let write = |name: String, text: String| {
            let path = self.folder.join(name);
            fs::write(&path, text).map_err(about("cannot write", &path))
        };
        for (picture, drawn) in self.pictures.iter().zip(timeline::draw(&self.pictures)) {
            write(format!("{}.svg", picture.name), drawn)?;
            let caption = format!("{}: {}\n{}", picture.name, picture.place, picture.recording.caption());
            write(format!("{}.txt", picture.name), caption)?;
        }
        // The order of the two-by-two table: a row per top, a column per tail.
        self.pictures.sort_by_key(|picture| picture.place.starts_with("tasks"));
        write("all.svg".into(), timeline::draw_all(&self.pictures))?;
        writeln!(out, "\nThe timelines are in {}: all.svg, and one for each stage.", self.folder.display())?;
        Ok(())
    }
}
