//! Files changed in every way in which somebody changes them, on a real file system.

use std::fs;
use std::os::unix::fs::symlink;
use std::slice::from_ref;
use tempfile::TempDir;

use super::*;

/// Long for a machine under load.
const PATIENCE: Duration = Duration::from_secs(10);

struct Stage {
    folder: TempDir,
    hints: Hints,
    watch: Watch,
}

impl Stage {
    fn new() -> Self {
        let hints = Hints::default();
        let watch = Watch::new(&hints);
        Self { folder: TempDir::new().unwrap(), hints, watch }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// Whether `act` is told and changes the contents of `file`.
    async fn notices(&mut self, file: &Path, act: impl FnOnce(&Self)) {
        let files = [file.to_owned()];
        self.watch.set(&files);
        let before = Contents::of(&files);
        act(self);
        timeout(PATIENCE, self.hints.changed()).await.expect("a hint");
        assert!(!Contents::of(&files).agrees(&before));
    }
}

#[tokio::test]
async fn a_file_written_in_place_is_noticed_again_and_again() {
    let mut stage = Stage::new();
    let file = stage.write("a.yaml", "1");
    for text in ["2", "3", "4"] {
        stage.notices(&file, |stage| drop(stage.write("a.yaml", text))).await;
    }
}

#[tokio::test]
async fn a_file_put_in_the_old_ones_place_is_noticed_again_and_again() {
    let mut stage = Stage::new();
    let file = stage.write("a.yaml", "1");
    for text in ["2", "3", "4"] {
        let replace = |stage: &Stage| {
            stage.write(".a.yaml.swp", text);
            fs::rename(stage.path(".a.yaml.swp"), stage.path("a.yaml")).unwrap();
        };
        stage.notices(&file, replace).await;
    }
}

#[tokio::test]
async fn a_file_that_is_removed_and_written_anew_is_noticed() {
    let mut stage = Stage::new();
    let file = stage.write("a.yaml", "1");
    stage.notices(&file, |stage| fs::remove_file(stage.path("a.yaml")).unwrap()).await;
    stage.notices(&file, |stage| drop(stage.write("a.yaml", "2"))).await;
}

/// `a.yaml -> ..data/a.yaml`, `..data -> ..v1`: what a ConfigMap is mounted as.
#[tokio::test]
async fn a_config_map_whose_link_is_swapped_is_noticed_again_and_again() {
    let mut stage = Stage::new();
    let version = |stage: &Stage, name: &str, text: &str| {
        fs::create_dir(stage.path(name)).unwrap();
        stage.write(&format!("{name}/a.yaml"), text);
        symlink(name, stage.path("..data_tmp")).unwrap();
        fs::rename(stage.path("..data_tmp"), stage.path("..data")).unwrap();
    };
    version(&stage, "..v1", "1");
    symlink("..data/a.yaml", stage.path("a.yaml")).unwrap();
    let file = stage.path("a.yaml");
    for (before, name) in [("..v1", "..v2"), ("..v2", "..v3")] {
        let swap = |stage: &Stage| {
            version(stage, name, name);
            fs::remove_dir_all(stage.path(before)).unwrap();
        };
        stage.notices(&file, swap).await;
    }
}

#[tokio::test]
async fn a_link_to_a_file_elsewhere_is_followed() {
    let mut stage = Stage::new();
    for folder in ["x", "y", "z"] {
        fs::create_dir(stage.path(folder)).unwrap();
        stage.write(&format!("{folder}/a.yaml"), folder);
    }
    symlink("../y/a.yaml", stage.path("x/link.yaml")).unwrap();
    symlink("x/link.yaml", stage.path("a.yaml")).unwrap();
    let file = stage.path("a.yaml");
    stage.notices(&file, |stage| drop(stage.write("y/a.yaml", "2"))).await;
    let turn = |stage: &Stage| {
        fs::remove_file(stage.path("x/link.yaml")).unwrap();
        symlink("../z/a.yaml", stage.path("x/link.yaml")).unwrap();
    };
    stage.notices(&file, turn).await;
}

#[tokio::test]
async fn reading_and_files_beside_are_no_change() {
    let mut stage = Stage::new();
    let file = stage.write("a.yaml", "1");
    stage.watch.set(from_ref(&file));
    for _ in 0..100 {
        fs::read(&file).unwrap();
        stage.write("b.yaml", "1");
    }
    assert!(timeout(Duration::from_millis(200), stage.hints.bell.notified()).await.is_err());
}

#[test]
fn contents_are_compared_where_both_know_a_file() {
    let stage = Stage::new();
    let (a, b) = (stage.write("a", "1"), stage.write("b", "1"));
    let (one, both) = (Contents::of(from_ref(&a)), Contents::of(&[a.clone(), b]));
    assert!(one.agrees(&both) && both.agrees(&one));
    stage.write("b", "2");
    assert!(one.agrees(&Contents::of(from_ref(&a))));
    stage.write("a", "2");
    assert!(!one.agrees(&Contents::of(&[a])));
}
