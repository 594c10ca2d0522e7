//! Office files and scans as PDF, to be looked at. Scans are read here ([`scan_to_pdf`]), with limits of time, memory and size.
//! For office files LibreOffice does it, in a sandbox (bubblewrap): without a network, without any file of the machine but its
//! own programs, with a profile of its own that is thrown away, with the same limits. What somebody uploaded may take LibreOffice over; it then holds what it was given, for a minute.
//!
//! Architecture invariant: knows no other crate of ours; nothing leaves the sandbox but bytes that begin as a PDF.

mod format;
mod scan;

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{process::Command, sync::Mutex};

pub use format::Format;

/// Largest office file that is converted, in bytes.
pub const MOST_IN: usize = 50 * 1024 * 1024;
/// Largest PDF that is taken back, in bytes.
pub const MOST_OUT: u64 = 200 * 1024 * 1024;
/// Longest time for one scan: many pages in colour take it. It does not hold up office files.
pub const MOST_SCAN_TIME: Duration = Duration::from_secs(180);
/// Longest time for one office file.
pub const MOST_TIME: Duration = Duration::from_secs(90);
/// Address space of LibreOffice, in bytes: it reserves far more than it uses.
const MOST_MEMORY: u64 = 4 * 1024 * 1024 * 1024;
/// Size of each of the two folders in the sandbox that lie in memory, in bytes.
const MOST_TEMPORARY: u64 = 256 * 1024 * 1024;
/// Processes and threads in the sandbox; LibreOffice has about ten.
const MOST_PROCESSES: u64 = 256;
/// Longest time for a sandbox in which nothing is done.
const PROBE: Duration = Duration::from_secs(10);
/// Of what bubblewrap says when it makes no sandbox, so many characters are kept.
const LONGEST_REASON: usize = 300;

/// Where programs lie; not what a variable of the environment says.
const FOLDERS: [&str; 2] = ["/usr/bin", "/bin"];

/// What the sandbox may read besides `/usr`: where the loader, fonts and LibreOffice keep their settings. Not `/opt` nor
/// `/usr/local`, where an operator may have put Meer and its data.
const READABLE: [&str; 10] = [
    "/bin",
    "/lib",
    "/lib64",
    "/sbin",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/libreoffice",
    "/var/cache/fontconfig",
    "/var/lib/libreoffice",
];

/// Settings of the thrown-away profile: no macros, no links to other files or the net.
const PROFILE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
</oor:items>
"#;

/// One after the other: a file may take all the memory it is allowed.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// The same for scans.
static ONE_SCAN: Mutex<()> = Mutex::const_new(());

/// Conversions of this process so far; makes their folders differ.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the file is too large")]
    TooLarge,
    #[error("it took longer than allowed")]
    TooSlow,
    /// LibreOffice ended without a PDF: damaged, protected by a password, or over its limits.
    #[error("no PDF was made of it ({0})")]
    NoPdf(String),
    /// This machine lets nobody make a sandbox, so nothing is converted: it says nothing about the file.
    #[error("no sandbox can be made on this machine: {0}")]
    NoSandbox(String),
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Fault {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Fault::TooLarge => "too-large",
            Fault::TooSlow => "too-slow",
            Fault::NoPdf(_) => "no-pdf",
            Fault::NoSandbox(_) => "no-sandbox",
            Fault::Io(_) => "io",
        }
    }
}

/// Says that somebody waits, until it is dropped.
struct Waits(Arc<AtomicBool>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The PDF of a scan (TIFF), made on a thread of its own, one scan after the other. When the caller goes away it stops soon.
///
/// # Errors
/// See [`Fault`].
pub async fn scan_to_pdf(bytes: Vec<u8>, most_time: Duration) -> Result<Vec<u8>, Fault> {
    let one = ONE_SCAN.lock().await;
    let waits = Waits(Arc::default());
    let given_up = Arc::clone(&waits.0);
    let made = tokio::task::spawn_blocking(move || {
        // With the thread: it may go on for a while when nobody waits any more.
        let _one = one;
        scan::to_pdf(&bytes, &scan::Patience::new(most_time, given_up))
    });
    match made.await {
        Ok(made) => made,
        // The decoder fell over the file, and would again.
        Err(error) if error.is_panic() => Err(Fault::NoPdf("the decoder fell".to_owned())),
        Err(error) => Err(Fault::Io(io::Error::other(error))),
    }
}

/// The programs that are needed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Programs {
    /// bubblewrap, which makes the sandbox.
    pub sandbox: PathBuf,
    /// `prlimit` of util-linux, which sets the limits.
    pub limits: PathBuf,
    pub office: PathBuf,
}

impl Programs {
    /// Those of this machine; none when one is missing. Without a sandbox nothing is converted.
    pub fn installed() -> Option<Programs> {
        let find = |name: &str| FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists());
        Some(Programs { sandbox: find("bwrap")?, limits: find("prlimit")?, office: find("soffice")? })
    }

    /// Whether the part of LibreOffice is installed that opens such a file: distributions pack Writer, Calc and Impress one by
    /// one. Without it LibreOffice says of every file the same as of a damaged one.
    pub fn opens(&self, format: Format) -> bool {
        // `soffice` in a folder of programs is a link to `program/soffice` of LibreOffice.
        let Ok(real) = fs::canonicalize(&self.office) else { return false };
        real.ancestors().nth(2).is_some_and(|root| root.join("share/registry").join(format.registry()).exists())
    }

    /// Makes a sandbox like that of a conversion and does nothing in it.
    ///
    /// # Errors
    /// [`Fault::NoSandbox`] where the machine does not let us; nothing is ever converted outside one.
    pub async fn try_sandbox(&self, scratch: &Path) -> Result<(), Fault> {
        // A folder of its own: what was in a sandbox may have done anything to the one it had.
        let folder = Folder::make(scratch)?;
        let mut command = self.sandboxed(&folder.0, PROBE);
        command.arg("true").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let Ok(done) = tokio::time::timeout(PROBE, command.output()).await else {
            return Err(Fault::NoSandbox("it took longer than allowed".to_owned()));
        };
        let done = done?;
        if done.status.success() {
            return Ok(());
        }
        let said: String = String::from_utf8_lossy(&done.stderr).trim().chars().take(LONGEST_REASON).collect();
        Err(Fault::NoSandbox(format!("{said} ({})", done.status)))
    }

    /// The PDF of an office file. `scratch` is a folder of ours on a disk, for files that are removed at the end.
    ///
    /// # Errors
    /// See [`Fault`]; nothing is left of what was begun.
    pub async fn to_pdf(
        &self,
        scratch: &Path,
        format: Format,
        bytes: &[u8],
        most_time: Duration,
    ) -> Result<Vec<u8>, Fault> {
        if bytes.len() > MOST_IN {
            return Err(Fault::TooLarge);
        }
        let _one = ONE_AT_A_TIME.lock().await;
        let folder = Folder::make(scratch)?;
        let name = format!("in.{}", format.ending());
        tokio::fs::write(folder.0.join(&name), bytes).await?;
        let status = self.run(&folder.0, &name, most_time).await?;
        match read_pdf(&folder.0)? {
            Some(pdf) => Ok(pdf),
            None => {
                // Is it the file, or would it have been the same with any other?
                self.try_sandbox(scratch).await?;
                Err(Fault::NoPdf(status.to_string()))
            }
        }
    }

    /// A sandbox with its limits; what runs in it is still to be named.
    fn sandboxed(&self, folder: &Path, most_time: Duration) -> Command {
        let mut command = Command::new(&self.sandbox);
        // `--unshare-all` alone does without a user namespace where there is none; then root would stay root inside.
        command.args(["--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL", "--die-with-parent"]);
        command.args(["--new-session", "--clearenv", "--ro-bind", "/usr", "/usr", "--tmpfs", "/usr/local"]);
        for path in READABLE {
            command.args(["--ro-bind-try", path, path]);
        }
        command.args(["--proc", "/proc", "--dev", "/dev"]);
        for path in ["/tmp", "/dev/shm"] {
            command.args(["--size", &MOST_TEMPORARY.to_string(), "--tmpfs", path]);
        }
        command.arg("--bind").arg(folder).arg("/job");
        // They lie in memory too, and have no size of their own.
        for path in ["/dev", "/usr/local", "/"] {
            command.args(["--remount-ro", path]);
        }
        for (name, value) in [("HOME", "/job"), ("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8")] {
            command.args(["--setenv", name, value]);
        }
        command.args(["--chdir", "/job", "--"]).arg(&self.limits);
        // The clock on the wall decides; LibreOffice may use two cores meanwhile.
        let seconds = most_time.as_secs().max(1).saturating_mul(2);
        command.args([
            format!("--as={MOST_MEMORY}"),
            format!("--cpu={seconds}"),
            format!("--fsize={MOST_OUT}"),
            format!("--nproc={MOST_PROCESSES}"),
            "--core=0".to_owned(),
            "--".to_owned(),
        ]);
        command.env_clear();
        command
    }

    async fn run(&self, folder: &Path, name: &str, most_time: Duration) -> Result<ExitStatus, Fault> {
        let mut command = self.sandboxed(folder, most_time);
        command.arg(&self.office).args([
            "-env:UserInstallation=file:///job/profile",
            "--headless",
            "--nologo",
            "--nodefault",
            "--norestore",
            "--nolockcheck",
            "--convert-to",
            "pdf",
            "--outdir",
            "/job/out",
        ]);
        command.arg(format!("/job/{name}"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.process_group(0).kill_on_drop(true).spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Ok(status) = tokio::time::timeout(most_time, child.wait()).await {
            return Ok(status?);
        }
        // The whole group; what is in the sandbox goes with the process that made it.
        if let Some(group) = group {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        child.wait().await?;
        Err(Fault::TooSlow)
    }
}

/// A folder for one conversion, removed with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn make(scratch: &Path) -> io::Result<Folder> {
        private(scratch)?;
        remove_left_over(scratch);
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = Folder(scratch.join(name));
        // In a container each process has the same number: one that was killed may have left the PDF of another case.
        if let Err(error) = fs::remove_dir_all(&folder.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        for part in ["", "out", "profile", "profile/user"] {
            private(&folder.0.join(part))?;
        }
        fs::write(folder.0.join("profile/user/registrymodifications.xcu"), PROFILE)?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Makes a folder that only this program's user may look into.
fn private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Removes folders of processes that were killed in the middle: their documents lie open in there.
fn remove_left_over(scratch: &Path) {
    for entry in fs::read_dir(scratch).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.split_once('-')).and_then(|(id, _)| id.parse::<u32>().ok());
        if process.is_some_and(|id| !Path::new("/proc").join(id.to_string()).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The PDF that was made. What was in the sandbox may have put a link there, which we would follow outside: only a plain
/// file in a plain folder is read.
fn read_pdf(folder: &Path) -> Result<Option<Vec<u8>>, Fault> {
    let (out, file) = (folder.join("out"), folder.join("out/in.pdf"));
    let is_folder = fs::symlink_metadata(&out).is_ok_and(|meta| meta.is_dir());
    let meta = match fs::symlink_metadata(&file) {
        Ok(meta) if is_folder && meta.is_file() && meta.len() <= MOST_OUT => meta,
        _ => return Ok(None),
    };
    let bytes = fs::read(&file)?;
    Ok((bytes.len() as u64 == meta.len() && bytes.starts_with(b"%PDF-")).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A script cannot be started while a child of another test still has it open for writing: one test at a time.
    static TESTS: Mutex<()> = Mutex::const_new(());

    /// A sandbox that is none: a script that gets the folder as `$job`. The empty one of [`Programs::try_sandbox`] works.
    fn programs(folder: &Path, script: &str) -> Programs {
        programs_after(folder, "case \"$*\" in *\" true\") exit 0 ;; esac", script)
    }

    fn programs_after(folder: &Path, first: &str, script: &str) -> Programs {
        let path = folder.join("sandbox");
        let find = "while [ \"$1\" != --bind ]; do shift; done; job=$2\n";
        fs::write(&path, format!("#!/bin/sh\n{first}\n{find}{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Programs { sandbox: path, limits: "/usr/bin/prlimit".into(), office: "/usr/bin/soffice".into() }
    }

    async fn run(script: &str, most_time: Duration) -> (Result<Vec<u8>, Fault>, usize) {
        let _one = TESTS.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let scratch = folder.path().join("scratch");
        let made = programs(folder.path(), script).to_pdf(&scratch, Format::Odt, b"office", most_time).await;
        (made, fs::read_dir(&scratch).unwrap().count())
    }

    #[tokio::test]
    async fn the_pdf_comes_back_and_nothing_stays() {
        let script = "[ \"$(/bin/cat $job/in.odt)\" = office ] && printf '%%PDF-1.7 x' > $job/out/in.pdf";
        let (made, left) = run(script, MOST_TIME).await;
        assert_eq!((made.unwrap(), left), (b"%PDF-1.7 x".to_vec(), 0));
    }

    #[tokio::test]
    async fn what_is_no_pdf_or_a_way_out_is_refused() {
        for script in [
            "exit 1",
            "printf '<html>' > $job/out/in.pdf",
            "/bin/ln -s /etc/passwd $job/out/in.pdf",
            "/bin/rm -r $job/out; /bin/ln -s /etc $job/out",
            "/bin/mkdir $job/out/in.pdf",
        ] {
            let (made, left) = run(script, MOST_TIME).await;
            assert!(matches!(made, Err(Fault::NoPdf(_))), "{script}: {made:?}");
            assert_eq!(left, 0, "{script}");
        }
    }

    #[tokio::test]
    async fn a_machine_without_sandboxes_is_no_fault_of_the_file() {
        let _one = TESTS.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let scratch = folder.path().join("scratch");
        let refused = "echo 'bwrap: No permissions to create a new namespace' >&2; exit 1";
        let programs = programs_after(folder.path(), refused, "");
        let text = "no sandbox can be made on this machine: bwrap: No permissions to create a new namespace";
        let made = programs.to_pdf(&scratch, Format::Odt, b"office", MOST_TIME).await.unwrap_err();
        assert!(matches!(made, Fault::NoSandbox(_)) && made.to_string().starts_with(text), "{made}");
        assert!(matches!(programs.try_sandbox(&scratch).await, Err(Fault::NoSandbox(_))));
        assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_is_in_the_sandbox_sees_nothing_of_the_machine() {
        let _one = TESTS.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let Some(programs) = Programs::installed() else {
            println!("not checked: bubblewrap or LibreOffice is not installed");
            return;
        };
        if let Err(fault) = programs.try_sandbox(folder.path()).await {
            println!("not checked: {fault}");
            return;
        }
        fs::write(folder.path().join("in.odt"), "office").unwrap();
        // Says what it should not be able to.
        let script = "cat /job/in.odt
            for x in /etc/passwd /home /root /sys; do [ -e $x ] && echo sees $x; done
            grep -v -e lo: -e Inter -e face /proc/net/dev
            env | grep -v -e ^HOME= -e ^PATH= -e ^LANG= -e ^PWD= -e ^_=
            for x in /x /usr/x /usr/local/x /etc/x /dev/x /var/x; do (: > $x) 2> /dev/null && echo writes $x; done
            unshare -U true 2> /dev/null && echo nests
            for x in /tmp /dev/shm; do
              dd if=/dev/zero of=$x/1 bs=1M count=150 2> /dev/null && dd if=/dev/zero of=$x/2 bs=1M count=150 2> /dev/null &&
                echo fills $x
            done
            grep CapEff /proc/self/status";
        let mut command = programs.sandboxed(folder.path(), MOST_TIME);
        let done = command.args(["sh", "-c", script]).output().await.unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert_eq!(said, "officeCapEff:\t0000000000000000\n", "{}", String::from_utf8_lossy(&done.stderr));
    }

    #[tokio::test]
    async fn what_hangs_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("child");
        let script = format!("/bin/sleep 600 & echo $! > {}; wait", note.display());
        let (made, left) = run(&script, Duration::from_secs(1)).await;
        assert!(matches!(made, Err(Fault::TooSlow)), "{made:?}");
        assert_eq!(left, 0);
        let child = fs::read_to_string(&note).unwrap();
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "the child still runs: {stat}");
    }

    #[tokio::test]
    async fn what_a_killed_process_with_our_number_left_is_not_taken() {
        let _one = TESTS.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let scratch = folder.path().join("scratch");
        let old = scratch.join(format!("{}-{}", std::process::id(), COUNT.load(Ordering::Relaxed)));
        private(&old.join("out")).unwrap();
        fs::write(old.join("out/in.pdf"), "%PDF-1.7 of another case").unwrap();
        let programs = programs(folder.path(), "exit 1");
        let made = programs.to_pdf(&scratch, Format::Doc, b"x", MOST_TIME).await;
        assert!(matches!(made, Err(Fault::NoPdf(_))), "{made:?}");
    }

    #[tokio::test]
    async fn too_large_a_file_is_not_tried_and_old_folders_go() {
        let _one = TESTS.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let scratch = folder.path().join("scratch");
        private(&scratch.join("4194305-7")).unwrap();
        let programs = programs(folder.path(), "exit 1");
        let large = vec![0; MOST_IN + 1];
        assert!(matches!(programs.to_pdf(&scratch, Format::Doc, &large, MOST_TIME).await, Err(Fault::TooLarge)));
        assert!(programs.to_pdf(&scratch, Format::Doc, b"x", MOST_TIME).await.is_err());
        assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0, "a process with this number cannot be");
    }
}
