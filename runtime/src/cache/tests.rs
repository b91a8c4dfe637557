use super::*;
use std::{
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

fn key(text: &str) -> Key {
    KeyHasher::new().part("test", text).finish()
}

fn fill(content: &str) -> impl Fn(&Path) -> Result<serde_json::Value, CacheError> {
    move |folder| {
        let path = folder.join("result");
        write_private(&path, content.as_bytes()).map_err(CacheError::io("write", &path))?;
        Ok(serde_json::json!({ "content": content }))
    }
}

fn content(entry: &Entry) -> String {
    fs::read_to_string(entry.file("result").unwrap()).unwrap()
}

#[test]
fn a_build_is_found_again() {
    let cache = Cache::private().unwrap();
    assert!(cache.get(&key("a")).is_none());
    let (entry, origin) = cache.get_or_build(&key("a"), fill("hello")).unwrap();
    assert_eq!((content(&entry).as_str(), origin), ("hello", Origin::Built));
    let (entry, origin) = cache.get_or_build(&key("a"), fill("never")).unwrap();
    assert_eq!((content(&entry).as_str(), origin), ("hello", Origin::Found));
    assert_eq!(entry.manifest().description["content"], "hello");
    assert!(entry.file("other").is_none());
    assert_eq!(cache.usage().unwrap().entries, 1);
}

#[test]
fn only_the_user_can_read_it() {
    let cache = Cache::private().unwrap();
    let (entry, _) = cache.get_or_build(&key("a"), fill("x")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(entry.folder()), 0o700);
    assert_eq!(mode(&entry.file("result").unwrap()), 0o600);
    let open_to_all = |folder: &Path| {
        fill("x")(folder)?;
        fs::set_permissions(folder.join("result"), fs::Permissions::from_mode(0o755)).unwrap();
        Ok::<_, CacheError>(serde_json::Value::Null)
    };
    let (entry, _) = cache.get_or_build(&key("b"), open_to_all).unwrap();
    assert_eq!(mode(&entry.file("result").unwrap()), 0o700);
    assert_eq!(mode(cache.folder()), 0o700);
}

#[test]
fn a_failed_build_leaves_nothing() {
    let cache = Cache::private().unwrap();
    let failed = cache.get_or_build(&key("a"), |folder| {
        fill("half")(folder)?;
        Err(CacheError::NoPlace)
    });
    assert!(matches!(failed, Err(CacheError::NoPlace)));
    assert!(cache.get(&key("a")).is_none());
    assert!(list(&cache.folder().join("work")).unwrap().is_empty());
}

#[test]
fn broken_entries_are_built_anew() {
    let cache = Cache::private().unwrap();
    let damage: [fn(&Entry); 4] = [
        |entry| fs::write(entry.file("result").unwrap(), "hellO").unwrap(),
        |entry| fs::write(entry.file("result").unwrap(), "").unwrap(),
        |entry| fs::remove_file(entry.file("result").unwrap()).unwrap(),
        |entry| fs::write(entry.folder().join("manifest.json"), "{}").unwrap(),
    ];
    for damage in damage {
        let (entry, _) = cache.get_or_build(&key("a"), fill("hello")).unwrap();
        damage(&entry);
        let (entry, origin) = cache.get_or_build(&key("a"), fill("hello")).unwrap();
        assert_eq!((content(&entry).as_str(), origin), ("hello", Origin::Built));
    }
    assert!(list(&cache.folder().join("work")).unwrap().is_empty());
}

#[test]
fn an_entry_under_a_wrong_name_is_not_used() {
    let cache = Cache::private().unwrap();
    let (entry, _) = cache.get_or_build(&key("a"), fill("a")).unwrap();
    let wrong = cache.build_folder(&key("b"));
    fs::create_dir_all(wrong.parent().unwrap()).unwrap();
    fs::rename(entry.folder(), &wrong).unwrap();
    assert!(cache.get(&key("b")).is_none());
}

#[test]
fn threads_that_build_the_same_all_succeed() {
    let cache = Cache::private().unwrap();
    let built = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let (entry, origin) = cache.get_or_build(&key("a"), fill("same")).unwrap();
                assert_eq!(content(&entry), "same");
                built.fetch_add(usize::from(origin == Origin::Built), Ordering::Relaxed);
            });
        }
    });
    assert!(built.load(Ordering::Relaxed) >= 1);
    assert_eq!(cache.usage().unwrap().entries, 1);
}

/// Not a test of its own: the work of the processes that the next test starts.
#[test]
fn child_process_that_builds() {
    let Some(folder) = env::var_os("DACEC_TEST_SHARED_CACHE") else { return };
    let cache = Cache::open(Path::new(&folder)).unwrap();
    for name in 0..20 {
        let (entry, _) = cache.get_or_build(&key(&name.to_string()), fill("same")).unwrap();
        assert_eq!(content(&entry), "same");
    }
}

#[test]
fn processes_that_build_the_same_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "cache::tests::child_process_that_builds", "--nocapture"])
            .env("DACEC_TEST_SHARED_CACHE", folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    for mut child in [start(), start(), start()] {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(Cache::open(folder.path()).unwrap().usage().unwrap().entries, 20);
}

#[test]
fn clearing_removes_everything() {
    let cache = Cache::private().unwrap();
    cache.get_or_build(&key("a"), fill("hello")).unwrap();
    cache.write_record("fact", b"1").unwrap();
    let usage = cache.clear().unwrap();
    assert!(usage.entries == 1 && usage.bytes > 5);
    assert_eq!(cache.usage().unwrap(), Usage { entries: 0, bytes: 0 });
    assert!(cache.get(&key("a")).is_none() && cache.read_record("fact").is_none());
}

#[test]
fn a_private_cache_vanishes_with_its_last_entry() {
    let cache = Cache::private().unwrap();
    let (entry, _) = cache.get_or_build(&key("a"), fill("x")).unwrap();
    let folder = cache.folder().to_owned();
    drop(cache);
    assert_eq!(content(&entry), "x");
    drop(entry);
    assert!(!folder.exists());
}

#[test]
fn folders_that_others_can_write_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let allow = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    allow(0o777);
    let error = Cache::open(folder.path()).unwrap_err();
    assert!(matches!(error, CacheError::WritableByOthers { mode: 0o777, .. }));
    assert!(error.help().unwrap().to_string().starts_with("run `chmod go-w "));
    allow(0o1777);
    Cache::open(folder.path()).unwrap();
    fs::set_permissions(folder.path().join("v1"), fs::Permissions::from_mode(0o770)).unwrap();
    assert!(matches!(Cache::open(folder.path()), Err(CacheError::WritableByOthers { .. })));
}

#[test]
fn folders_of_other_users_are_refused() {
    let error = trust::check_rights(Path::new("/c"), 1000, 0, 0o700).unwrap_err();
    assert_eq!(error.to_string(), "the build cache `/c` belongs to another user (uid 1000; you are uid 0)");
}

#[test]
fn a_file_in_the_place_of_the_folder_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(Cache::open(file.path()), Err(CacheError::NotAFolder { .. })));
    assert!(matches!(Cache::open(&file.path().join("below")), Err(CacheError::Io { .. })));
}
