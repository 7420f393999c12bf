//! The chapters show stage 4's `clippy.toml` for both stages, and it has to repeat the workspace's.

const STAGE_4: &str = include_str!("../../../../stage4/clippy.toml");
const STAGE_5: &str = include_str!("../../../../stage5/clippy.toml");
const WORKSPACE: &str = include_str!("../../../../../.clippy.toml");

#[test]
fn stages_4_and_5_have_the_same_lints_and_those_of_the_workspace() {
    assert_eq!(STAGE_4, STAGE_5);
    for line in WORKSPACE.lines() {
        assert!(STAGE_4.lines().any(|other| other == line), "crates/stage4/clippy.toml lacks `{line}`");
    }
}
