//! Wakes when something in a folder changes. Where the system cannot tell, it never wakes,
//! and the caller's poll is all there is.

use std::path::PathBuf;

pub(super) struct FolderWatch {
    folder: PathBuf,
    platform: platform::Watch,
}

impl FolderWatch {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            platform: platform::Watch::default(),
        }
    }

    /// Begins to watch, where it does not yet and the folder is there. Must run on a tokio
    /// runtime. Returns whether it watches.
    pub(super) fn arm(&mut self) -> bool {
        self.platform.arm(&self.folder)
    }

    /// Returns after a change. Nothing is lost when the future is dropped.
    pub(super) async fn changed(&mut self) {
        self.platform.changed().await;
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
    use tokio::io::unix::AsyncFd;

    #[derive(Default)]
    pub(super) struct Watch {
        fd: Option<AsyncFd<OwnedFd>>,
        watching: bool,
    }

    #[expect(
        deprecated,
        reason = "its successor is unsafe, for types whose descriptor may change; this one's does not"
    )]
    fn registered(fd: OwnedFd) -> Option<AsyncFd<OwnedFd>> {
        AsyncFd::new(fd).ok()
    }

    impl Watch {
        pub(super) fn arm(&mut self, folder: &Path) -> bool {
            if self.watching {
                return true;
            }
            if self.fd.is_none() {
                self.fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)
                    .ok()
                    .and_then(registered);
            }
            let what = WatchFlags::CREATE
                | WatchFlags::MODIFY
                | WatchFlags::MOVED_TO
                | WatchFlags::MOVED_FROM
                | WatchFlags::DELETE
                | WatchFlags::DELETE_SELF
                | WatchFlags::MOVE_SELF
                | WatchFlags::ONLYDIR;
            self.watching = self
                .fd
                .as_ref()
                .is_some_and(|fd| inotify::add_watch(fd.get_ref(), folder, what).is_ok());
            self.watching
        }

        pub(super) async fn changed(&mut self) {
            let Some(fd) = self.fd.as_ref().filter(|_| self.watching) else {
                return std::future::pending().await;
            };
            loop {
                let Ok(mut ready) = fd.readable().await else {
                    return std::future::pending().await;
                };
                let mut some = false;
                let mut folder_is_gone = false;
                let mut buffer = [MaybeUninit::uninit(); 4096];
                let mut events = inotify::Reader::new(fd.get_ref(), &mut buffer);
                while let Ok(event) = events.next() {
                    some = true;
                    folder_is_gone |= event
                        .events()
                        .intersects(ReadFlags::IGNORED | ReadFlags::MOVE_SELF);
                }
                ready.clear_ready();
                if folder_is_gone {
                    self.watching = false;
                }
                if some {
                    return;
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::path::Path;

    #[derive(Default)]
    pub(super) struct Watch;

    impl Watch {
        pub(super) fn arm(&mut self, _folder: &Path) -> bool {
            false
        }

        pub(super) async fn changed(&mut self) {
            std::future::pending().await
        }
    }
}
