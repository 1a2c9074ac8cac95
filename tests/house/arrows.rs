//! Which file of `src` uses which: computed from the paths in the code.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

/// A module's path: its names from the crate's root on.
type Module = Vec<String>;

/// What a module's names stand for.
#[derive(Debug, Default)]
struct Names {
    /// The file that it is in, relative to `src`.
    file: String,
    /// The items that are defined in it.
    own: BTreeSet<String>,
    /// What `use` lines bring in, by the names that it has here, with `true` for what is handed on.
    used: HashMap<String, (Module, bool)>,
    /// The modules of which all names are brought in.
    globs: Vec<Module>,
    /// Other paths in the code, from `crate`, `self` or `super` on.
    paths: Vec<Module>,
}

/// All modules of the crate.
#[derive(Debug, Default)]
pub struct Crate {
    modules: BTreeMap<Module, Names>,
}

/// The arrows between files: who uses whom.
pub type Arrows = BTreeMap<String, BTreeSet<String>>;

impl Crate {
    /// Reads the crate whose root is this file.
    pub fn read(root: &Path) -> Self {
        let mut house = Self::default();
        let directory = root.parent().expect("a file has a directory");
        house.file(directory, root, directory, &[]);
        house
    }

    fn file(&mut self, src: &Path, file: &Path, directory: &Path, module: &[String]) {
        let text = fs::read_to_string(file).expect("a module's file can be read");
        let parsed = syn::parse_file(&text).expect("a module's file is Rust");
        let name = file.strip_prefix(src).expect("it is in src");
        self.items(
            src,
            &name.to_string_lossy(),
            directory,
            module,
            &parsed.items,
        );
    }

    fn items(
        &mut self,
        src: &Path,
        file: &str,
        directory: &Path,
        module: &[String],
        items: &[Item],
    ) {
        let mut names = Names {
            file: file.to_owned(),
            ..Names::default()
        };
        for item in items {
            if is_test(attributes(item)) {
                continue;
            }
            match item {
                Item::Mod(inner) => self.module(src, file, directory, module, inner),
                Item::Use(line) => names.take_use(module, line),
                _ => {
                    names.own.extend(name(item));
                    let mut paths = Paths {
                        module,
                        names: &mut names,
                    };
                    paths.visit_item(item);
                }
            }
        }
        self.modules.insert(module.to_vec(), names);
    }

    fn module(
        &mut self,
        src: &Path,
        file: &str,
        directory: &Path,
        module: &[String],
        inner: &ItemMod,
    ) {
        let name = inner.ident.to_string();
        let module = [module, std::slice::from_ref(&name)].concat();
        if let Some((_, items)) = &inner.content {
            return self.items(src, file, directory, &module, items);
        }
        let path: PathBuf = directory.join(format!("{name}.rs"));
        self.file(src, &path, &directory.join(&name), &module);
    }

    /// Returns all arrows.
    pub fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for names in self.modules.values() {
            let used = names.used.values();
            let used = used
                .filter(|(_, is_handed_on)| !is_handed_on)
                .map(|(path, _)| path);
            let all = used.chain(&names.globs).chain(&names.paths);
            let to = arrows.entry(names.file.clone()).or_default();
            for path in all {
                if let Some(file) = self.file_of(path, 0).filter(|file| *file != names.file) {
                    to.insert(file);
                }
            }
        }
        arrows
    }

    /// Returns the file in which a path's last known part is defined. None for what is not of this crate.
    fn file_of(&self, path: &[String], depth: usize) -> Option<String> {
        if depth > 16 {
            return None;
        }
        let mut length = path.len();
        while !self.modules.contains_key(&path[..length]) {
            length = length.checked_sub(1)?;
        }
        let names = &self.modules[&path[..length]];
        let Some(next) = path.get(length) else {
            return Some(names.file.clone());
        };
        if names.own.contains(next) {
            return Some(names.file.clone());
        }
        if let Some((target, _)) = names.used.get(next) {
            return self.file_of(target, depth + 1);
        }
        let within = |glob: &Module| {
            let module = self.modules.get(glob)?;
            let knows = module.own.contains(next) || module.used.contains_key(next);
            knows.then(|| self.file_of(&[&glob[..], &path[length..]].concat(), depth + 1))?
        };
        names
            .globs
            .iter()
            .find_map(within)
            .or_else(|| Some(names.file.clone()))
    }
}

impl Names {
    fn take_use(&mut self, module: &[String], line: &ItemUse) {
        let is_handed_on = !matches!(line.vis, Visibility::Inherited);
        self.take_tree(module, &[], &line.tree, is_handed_on);
    }

    fn take_tree(
        &mut self,
        module: &[String],
        before: &[String],
        tree: &UseTree,
        is_handed_on: bool,
    ) {
        let with = |name: &dyn ToString| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => {
                self.take_tree(module, &with(&path.ident), &path.tree, is_handed_on);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.take_tree(module, before, tree, is_handed_on);
                }
            }
            UseTree::Name(name) if name.ident == "self" => {
                self.bring(module, before, before.last().cloned(), is_handed_on);
            }
            UseTree::Name(name) => self.bring(
                module,
                &with(&name.ident),
                Some(name.ident.to_string()),
                is_handed_on,
            ),
            UseTree::Rename(rename) => {
                let path = with(&rename.ident);
                let path = if rename.ident == "self" {
                    before.to_vec()
                } else {
                    path
                };
                self.bring(module, &path, Some(rename.rename.to_string()), is_handed_on);
            }
            UseTree::Glob(_) => self.globs.extend(absolute(module, before)),
        }
    }

    fn bring(
        &mut self,
        module: &[String],
        path: &[String],
        name: Option<String>,
        is_handed_on: bool,
    ) {
        if let (Some(path), Some(name)) = (absolute(module, path), name) {
            self.used.insert(name, (path, is_handed_on));
        }
    }
}

/// Returns a path from the crate's root on. A path that begins with another name is taken for one from this module on.
fn absolute(module: &[String], path: &[String]) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([module, rest].concat()),
        "super" => absolute_above(module, rest),
        "std" | "core" | "alloc" => None,
        _ => Some([module, path].concat()),
    }
}

fn absolute_above(module: &[String], rest: &[String]) -> Option<Module> {
    let (_, above) = module.split_last()?;
    if rest.first().is_some_and(|first| first == "super") {
        return absolute_above(above, &rest[1..]);
    }
    Some([above, rest].concat())
}

/// Collects the paths of an item that begin with `crate`, `self`, `super` or the name of a module.
struct Paths<'a> {
    module: &'a [String],
    names: &'a mut Names,
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Module = path
            .segments
            .iter()
            .map(|part| part.ident.to_string())
            .collect();
        if matches!(parts[0].as_str(), "crate" | "self" | "super") && parts.len() > 1 {
            self.names.paths.extend(absolute(self.module, &parts));
        } else if parts.len() > 1 && !self.names.used.contains_key(&parts[0]) {
            self.names.paths.push([self.module, &parts].concat());
        }
        visit::visit_path(self, path);
    }

    /// `pub(in crate::a)` uses nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_item_use(&mut self, line: &'ast ItemUse) {
        self.names.take_use(self.module, line);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Returns `true` for what is compiled for tests or documentation alone.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else {
            return false;
        };
        let tokens = list.tokens.to_string();
        list.path.is_ident("cfg")
            && (tokens == "doc" || tokens.contains("test") || tokens.contains("fuzzing"))
            && !tokens.contains("not")
    })
}

fn name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(name.to_string())
}

/// Returns the circles: sets of files each of which leads to all others.
pub fn circles(arrows: &Arrows) -> Vec<BTreeSet<String>> {
    let reach = |from: &String| {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![from]);
        while let Some(file) = waiting.pop() {
            for next in arrows.get(file).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    waiting.push(next);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> =
        arrows.keys().map(|file| (file, reach(file))).collect();
    let circle = |file: &String| -> BTreeSet<String> {
        let there = reached[file].iter();
        let back = there.filter(|other| {
            reached
                .get(*other)
                .is_some_and(|their| their.contains(file))
        });
        back.cloned().collect()
    };
    let circles: BTreeSet<BTreeSet<String>> = arrows
        .keys()
        .map(circle)
        .filter(|circle| circle.len() > 1)
        .collect();
    circles.into_iter().collect()
}
