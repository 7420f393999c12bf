//! The planted bugs. Each is one plausible mistake in one source, as an edit of it: what stands there, what would
//! stand there instead.

/// A mistake to be found.
pub(crate) struct Planted {
    /// What went wrong, and the module that the program with this mistake becomes.
    pub(crate) name: &'static str,
    /// The source it is made in.
    pub(crate) module: &'static str,
    /// What is right, and what is wrong in its place.
    pub(crate) edits: &'static [(&'static str, &'static str)],
}

/// All of them.
pub(crate) const PLANTED: &[Planted] = &[
    // What is written and closed between the two is never read.
    Planted {
        name: "close_looked_at_after_the_file",
        module: "input",
        edits: &[
            ("        let closed = self.closer.is_closed();\n", ""),
            (
                "            self.look()?;
            self.closed = closed;
        }",
                "            self.look()?;
        }
        let closed = self.closer.is_closed();
        self.closed |= closed;",
            ),
        ],
    },
    // The follower wakes, sees no close yet, waits again, and the message is used up.
    Planted {
        name: "flag_set_after_the_wake_up",
        module: "close",
        edits: &[
            ("        self.0.closed.store(true, Ordering::Release);\n", ""),
            (
                "        self.0.wake();\n    }\n\n    /// Whether",
                "        self.0.wake();
        self.0.closed.store(true, Ordering::Release);
    }

    /// Whether",
            ),
        ],
    },
    // A close between the two wakes no task.
    Planted {
        name: "waker_registered_after_the_check",
        module: "close",
        edits: &[
            (
                "            self.0.waker.register(context.waker());\n",
                "            let holds = condition(self);
            self.0.waker.register(context.waker());\n",
            ),
            ("if condition(self) { Poll::Ready(()) }", "if holds { Poll::Ready(()) }"),
        ],
    },
    // The follower wakes, finds no notification, and waits again.
    Planted {
        name: "notified_after_the_wake_up",
        module: "close",
        edits: &[(
            "        if !self.0.notified.swap(true, Ordering::AcqRel) {
            self.0.wake();
        }",
            "        self.0.wake();
        self.0.notified.store(true, Ordering::Release);",
        )],
    },
    // A follower that never ends hides the error of the next one.
    Planted {
        name: "joined_in_start_order",
        module: "stage1_top",
        edits: &[
            ("let (ended, all_ended) = unbounded();", "let mut all_ended = Vec::new();"),
            (
                "let (tail, mut write, ended) = (&tail, &write, ended.clone());",
                "let (tail, mut write, (ended, its_end)) = (&tail, &write, unbounded());
            all_ended.push(its_end);",
            ),
            ("        drop(ended);\n", ""),
            ("for followed in all_ended {", "for followed in all_ended.into_iter().flatten() {"),
        ],
    },
    // The fan-in waits for one more end.
    Planted { name: "last_sender_not_dropped", module: "stage1_top", edits: &[("        drop(ended);\n", "")] },
    // The writer waits for one more chunk, and the fan-in for the writer.
    Planted { name: "last_queue_not_dropped", module: "stage2_top", edits: &[("    drop(queue);\n", "")] },
    Planted { name: "last_async_queue_not_dropped", module: "stage4_top", edits: &[("    drop(queue);\n", "")] },
    // The read finds the close, and what it found is thrown away.
    Planted {
        name: "close_ends_the_tail_at_once",
        module: "stage3_tail",
        edits: &[("() = input.closed() => {}", "() = input.closed() => return Ok(()),")],
    },
    // The others go on, and the run with them.
    Planted {
        name: "others_not_closed",
        module: "fan_in",
        edits: &[("        self.close_all();\n        // `Out", "        // `Out")],
    },
    // Which error comes first is a matter of luck, and `OutputGone` does not say why.
    Planted { name: "output_gone_wins", module: "fan_in", edits: &[("None | Some(MergeError::OutputGone)", "None")] },
    // The queue is full, no task takes from it, and the senders are not told.
    Planted {
        name: "receiver_kept_alive",
        module: "stage2_top",
        edits: &[
            (
                "    let mut tasks = JoinSet::new();",
                "    let chunks = std::sync::Arc::new(std::sync::Mutex::new(chunks));
    let _for_a_retry = chunks.clone();
    let mut tasks = JoinSet::new();",
            ),
            ("(queue, mut chunks)", "(queue, chunks)"),
            ("chunks.blocking_recv()", "chunks.lock().unwrap().blocking_recv()"),
        ],
    },
    // Another line comes between the halves.
    Planted {
        name: "lock_released_inside_a_line",
        module: "stage1_top",
        edits: &[(
            "Ok(mut output) => output.write(&chunk),",
            "Ok(mut first) => {
            let (start, rest) = chunk.split_at(chunk.len() / 2);
            first.write(start)?;
            drop(first);
            output.lock().map_err(|_poisoned| MergeError::OutputGone)?.write(rest)
        }",
        )],
    },
];
