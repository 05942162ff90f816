//! Which files the document needs, and how far each is on its way to memory.
//!
//! Thread: engine. Files are read and decoded by the media workers; a sound is lent once for all who play it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crossbeam_queue::ArrayQueue;

use super::compile::Clips;
use crate::bus::{Job, JobDone, Vault};
use crate::model::{Batch, Command, Loading, Session};

/// Files needed, with the folders they are looked for in.
pub type Needs = BTreeMap<String, Arc<[String]>>;

struct File {
    folders: Arc<[String]>,
    state: Loading,
    /// The job under way, if one is.
    job: Option<u64>,
}

/// Files by the path asked for.
#[derive(Default)]
pub struct Loader {
    files: BTreeMap<String, File>,
    clips: Clips,
    /// Jobs that found no room yet.
    unsent: Vec<Job>,
    jobs: HashMap<u64, String>,
    number: u64,
    changed: bool,
}

/// What an answer of the media workers means.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// Nothing that is heard.
    Quiet,
    /// A sound came or went: compile again.
    Heard,
    /// A file is not to be had; the sentence says why.
    Missing(String),
}

/// Add what a document needs. What is there already stays.
pub fn add_needs(session: &Session, needs: &mut Needs) {
    let folders: Arc<[String]> = session.folders.clone().into();
    for sample in session.modules.values().flat_map(|module| module.samples()) {
        add(&sample.path, &folders, needs);
    }
}

fn add(path: &str, folders: &Arc<[String]>, needs: &mut Needs) {
    if !needs.contains_key(path) {
        // An absolute path is the same wherever one looks.
        let folders = if std::path::Path::new(path).is_absolute() { Arc::from([]) } else { folders.clone() };
        needs.insert(path.to_owned(), folders);
    }
}

/// Files that a Batch brings in, as far as its own words say.
pub fn needs_of(batch: &Batch, folders: &[String]) -> Needs {
    let mut folders: Arc<[String]> = folders.into();
    let mut needs = Needs::new();
    for command in &batch.commands {
        match command {
            Command::SetFolders(new) => folders = new.clone().into(),
            Command::SetSamples(_, samples) => {
                samples.iter().for_each(|sample| add(&sample.path, &folders, &mut needs));
            }
            Command::Relink { to, .. } => add(to, &folders, &mut needs),
            Command::Load(session) => add_needs(session, &mut needs),
            _ => {}
        }
    }
    needs
}

impl Loader {
    /// Sounds in memory.
    pub fn clips(&self) -> &Clips {
        &self.clips
    }

    /// These files are needed and no others: ask for new ones, drop the rest. Whether a sound went.
    pub fn need(&mut self, needs: &Needs) -> bool {
        let gone: Vec<String> = self.files.keys().filter(|path| !needs.contains_key(*path)).cloned().collect();
        let mut heard = false;
        for path in gone {
            self.forget_job(&path);
            self.files.remove(&path);
            heard |= self.clips.get(&path).is_some();
            self.clips.put(&path, None);
            self.changed = true;
        }
        for (path, folders) in needs {
            let known = self.files.get(path).is_some_and(|file| file.folders == *folders);
            if !known {
                self.ask(path, folders.clone());
            }
        }
        heard
    }

    /// Look again for files that were missing. Paths that are not needed or not missing are passed over.
    pub fn retry<'a>(&mut self, paths: impl IntoIterator<Item = &'a String>) {
        for path in paths {
            if let Some(File { state: Loading::Missing(_), folders, .. }) = self.files.get(path) {
                let folders = folders.clone();
                self.ask(path, folders);
            }
        }
    }

    /// The old sound, if there is one, goes on until the answer.
    fn ask(&mut self, path: &str, folders: Arc<[String]>) {
        self.forget_job(path);
        self.number += 1;
        let number = self.number;
        self.unsent.push(Job::Decode { path: path.to_owned(), folders: folders.to_vec(), number });
        self.jobs.insert(number, path.to_owned());
        self.files.insert(path.to_owned(), File { folders, state: Loading::Asked, job: Some(number) });
        self.changed = true;
    }

    fn forget_job(&mut self, path: &str) {
        if let Some(number) = self.files.get(path).and_then(|file| file.job) {
            self.jobs.remove(&number);
            self.unsent.retain(|Job::Decode { number: other, .. }| *other != number);
        }
    }

    /// Send what finds room; whether something was sent.
    pub fn send(&mut self, queue: &ArrayQueue<Job>) -> bool {
        let mut sent = 0;
        while let Some(job) = self.unsent.get(sent) {
            if queue.push(job.clone()).is_err() {
                break;
            }
            sent += 1;
        }
        self.unsent.drain(..sent);
        sent > 0
    }

    /// Take an answer.
    pub fn answer(&mut self, done: JobDone, vault: &mut Vault) -> Answer {
        let (JobDone::Progress { number, .. } | JobDone::Decoded { number, .. }) = &done;
        let Some(path) = self.jobs.get(number).cloned() else { return Answer::Quiet };
        let Some(file) = self.files.get_mut(&path) else { return Answer::Quiet };
        match done {
            JobDone::Progress { share, .. } => {
                // A step of less than a hundredth is not worth a Snapshot.
                let before = if let Loading::Decoding(before) = file.state { before } else { -1.0 };
                if share - before >= 0.01 {
                    file.state = Loading::Decoding(share.clamp(0.0, 1.0));
                    self.changed = true;
                }
                Answer::Quiet
            }
            JobDone::Decoded { number, result, .. } => {
                self.jobs.remove(&number);
                file.job = None;
                self.changed = true;
                match result {
                    Ok(clip) => {
                        file.state = Loading::Ready {
                            frames: clip.frames() as u64,
                            rate: clip.rate,
                            channels: clip.channels.len() as u8,
                        };
                        self.clips.put(&path, Some(vault.lend(clip)));
                        Answer::Heard
                    }
                    Err(why) => {
                        file.state = Loading::Missing(why.clone());
                        self.clips.put(&path, None);
                        Answer::Missing(format!("{path}: {why}"))
                    }
                }
            }
        }
    }

    /// Whether a needed file is still on its way.
    pub fn is_busy(&self) -> bool {
        !self.jobs.is_empty()
    }

    /// Whether every one of these is in memory or known to be missing.
    pub fn has<'a>(&self, mut paths: impl Iterator<Item = &'a String>) -> bool {
        paths.all(|path| self.files.get(path).is_some_and(|file| file.job.is_none()))
    }

    /// The states, if one changed since the last call.
    pub fn news(&mut self) -> Option<BTreeMap<String, Loading>> {
        std::mem::take(&mut self.changed)
            .then(|| self.files.iter().map(|(path, file)| (path.clone(), file.state.clone())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AudioClip;

    fn needs(list: &[(&str, &str)]) -> Needs {
        list.iter().map(|(path, folder)| ((*path).to_owned(), Arc::from([(*folder).to_owned()]))).collect()
    }

    fn decoded(number: u64, found: bool) -> JobDone {
        let clip = AudioClip { rate: 48_000, channels: vec![vec![0.5; 10]], path: "a.wav".into() };
        let result = if found { Ok(clip) } else { Err(Arc::from("not found in samples/")) };
        JobDone::Decoded { number, path: "a.wav".into(), result }
    }

    fn asked(queue: &ArrayQueue<Job>) -> Vec<u64> {
        std::iter::from_fn(|| queue.pop()).map(|Job::Decode { number, .. }| number).collect()
    }

    #[test]
    fn a_file_is_asked_for_once_and_again_in_other_folders() {
        let (mut loader, mut vault, queue) = (Loader::default(), Vault::default(), ArrayQueue::new(8));
        for _ in 0..3 {
            loader.need(&needs(&[("a.wav", "one")]));
            loader.send(&queue);
        }
        assert_eq!(asked(&queue), [1]);
        assert_eq!(loader.answer(decoded(1, true), &mut vault), Answer::Heard);
        loader.need(&needs(&[("a.wav", "two")]));
        assert!(loader.clips().get("a.wav").is_some(), "the old sound goes on until the new one is there");
        loader.send(&queue);
        assert_eq!(asked(&queue), [2]);
        assert_eq!(loader.answer(decoded(1, true), &mut vault), Answer::Quiet, "an old answer says nothing");
    }

    #[test]
    fn what_nobody_needs_is_freed() {
        let (mut loader, mut vault) = (Loader::default(), Vault::default());
        loader.need(&needs(&[("a.wav", "one")]));
        loader.answer(decoded(1, true), &mut vault);
        vault.collect();
        assert_eq!(vault.len(), 1);
        assert!(loader.need(&Needs::new()));
        vault.collect();
        assert!(vault.is_empty());
    }

    #[test]
    fn a_missing_file_says_why_and_can_be_looked_for_again() {
        let (mut loader, mut vault, queue) = (Loader::default(), Vault::default(), ArrayQueue::new(8));
        loader.need(&needs(&[("a.wav", "one")]));
        assert!(loader.is_busy());
        let Answer::Missing(text) = loader.answer(decoded(1, false), &mut vault) else { panic!("it is missing") };
        assert!(text.contains("a.wav") && text.contains("samples/"));
        assert!(!loader.is_busy() && loader.has(["a.wav".to_owned()].iter()));
        loader.send(&queue);
        assert_eq!(asked(&queue), [1]);
        loader.retry(["a.wav".to_owned(), "b.wav".to_owned()].iter());
        loader.send(&queue);
        assert_eq!(asked(&queue), [2]);
    }

    #[test]
    fn jobs_that_find_no_room_are_sent_later() {
        let (mut loader, queue) = (Loader::default(), ArrayQueue::new(1));
        loader.need(&needs(&[("a.wav", ""), ("b.wav", "")]));
        assert!(loader.send(&queue));
        assert!(!loader.send(&queue));
        assert_eq!(asked(&queue), [1]);
        assert!(loader.send(&queue));
        assert_eq!(asked(&queue), [2]);
    }
}
