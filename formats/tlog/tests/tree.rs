//! Tree and proofs against the recursive definition of RFC 6962 section 2.1, written out here a second time.

use std::collections::HashMap;

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tlog::{
    Frontier, FrontierError, Hash, ProofError, consistency_proof, empty_root, inclusion_proof, leaf_hash, root_at,
    verify_consistency, verify_inclusion,
};

fn defined_root(leaves: &[Vec<u8>]) -> Hash {
    match leaves {
        [] => Sha256::digest(b"").into(),
        [leaf] => Sha256::digest([&[0], leaf.as_slice()].concat()).into(),
        _ => {
            let mut k = 1;
            while k * 2 < leaves.len() {
                k *= 2;
            }
            let (left, right) = (defined_root(&leaves[..k]), defined_root(&leaves[k..]));
            Sha256::digest([&[1], left.as_slice(), &right].concat()).into()
        }
    }
}

struct Log {
    leaves: Vec<Vec<u8>>,
    nodes: HashMap<(u8, u64), Hash>,
    roots: Vec<Hash>,
}

fn log(leaves: Vec<Vec<u8>>) -> Log {
    let mut tree = Frontier::new();
    let mut nodes = HashMap::new();
    let mut roots = vec![tree.root()];
    for leaf in &leaves {
        for node in tree.append(leaf_hash(leaf)) {
            assert!(nodes.insert((node.level, node.index), node.hash).is_none(), "a node is completed once");
        }
        roots.push(tree.root());
    }
    Log { leaves, nodes, roots }
}

fn numbered(count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|n| n.to_be_bytes().to_vec()).collect()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Leaves and roots widely used to compare implementations of RFC 6962.
#[test]
fn known_roots() {
    let leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let log = log(leaves.iter().map(|leaf| hex(leaf)).collect());
    for (size, root) in roots.iter().enumerate() {
        assert_eq!(log.roots[size].to_vec(), hex(root), "size {size}");
    }
    assert_eq!(log.roots[0], empty_root());
}

#[test]
fn every_inclusion_proof_to_200_leaves() {
    let log = log(numbered(200));
    let node = |level, index| log.nodes.get(&(level, index)).copied();
    for size in 1..=200u64 {
        let root = log.roots[size as usize];
        for index in 0..size {
            let path = inclusion_proof(index, size, node).unwrap();
            assert!(path.len() <= 8, "one hash per level");
            let leaf = leaf_hash(&log.leaves[index as usize]);
            verify_inclusion(&leaf, index, size, &path, &root).unwrap();
            assert!(verify_inclusion(&leaf, index + 1, size, &path, &root).is_err());
            assert!(verify_inclusion(&leaf, index, size, &path, &log.roots[size as usize - 1]).is_err());
            let longer = [path.as_slice(), &[root]].concat();
            assert!(verify_inclusion(&leaf, index, size, &longer, &root).is_err());
            if let Some((_, shorter)) = path.split_last() {
                assert!(verify_inclusion(&leaf, index, size, shorter, &root).is_err());
            }
        }
        assert_eq!(inclusion_proof(size, size, node), Err(ProofError::NoSuchLeaf { index: size, size }));
    }
}

#[test]
fn every_consistency_proof_to_200_leaves() {
    let log = log(numbered(200));
    let node = |level, index| log.nodes.get(&(level, index)).copied();
    for new in 0..=200u64 {
        let new_root = log.roots[new as usize];
        for old in 0..=new {
            let old_root = log.roots[old as usize];
            let path = consistency_proof(old, new, node).unwrap();
            verify_consistency(old, &old_root, new, &new_root, &path).unwrap();
            let longer = [path.as_slice(), &[new_root]].concat();
            assert!(verify_consistency(old, &old_root, new, &new_root, &longer).is_err());
            if old > 0 && old < new {
                assert!(verify_consistency(old, &log.roots[old as usize - 1], new, &new_root, &path).is_err());
                assert!(verify_consistency(old, &old_root, new, &log.roots[new as usize - 1], &path).is_err());
                assert!(verify_consistency(new, &new_root, old, &old_root, &path).is_err());
            }
        }
        assert!(consistency_proof(new + 1, new, node).is_err());
    }
}

#[test]
fn a_lost_node_is_named() {
    let log = log(numbered(7));
    let node = |level, index| log.nodes.get(&(level, index)).copied().filter(|_| (level, index) != (2, 0));
    let missing = ProofError::MissingNode { level: 2, index: 0 };
    assert_eq!(inclusion_proof(6, 7, node), Err(missing));
    assert_eq!(root_at(7, node), Err(missing));
    assert!(inclusion_proof(1, 7, node).is_ok(), "a path through the lost subtree does not need its root");
}

#[test]
fn a_stored_frontier_is_checked() {
    assert_eq!(
        Frontier::from_parts(7, vec![[0; 32]; 2]),
        Err(FrontierError::HashCount { size: 7, expected: 3, found: 2 })
    );
    assert!(Frontier::from_parts(u64::MAX, vec![[0; 32]; 64]).is_err());
}

proptest! {
    #[test]
    fn append_equals_the_definition(leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..90)) {
        let log = log(leaves);
        for size in 0..=log.leaves.len() {
            prop_assert_eq!(log.roots[size], defined_root(&log.leaves[..size]));
            prop_assert_eq!(root_at(size as u64, |level, index| log.nodes.get(&(level, index)).copied()), Ok(log.roots[size]));
        }
        for (&(level, index), hash) in &log.nodes {
            let start = (index << level) as usize;
            prop_assert_eq!(*hash, defined_root(&log.leaves[start..start + (1 << level)]));
        }
    }

    #[test]
    fn a_resumed_frontier_goes_on_the_same(count in 1u32..150, cut in 0u32..150) {
        let log = log(numbered(count));
        let cut = u64::from(cut.min(count));
        let mut tree = Frontier::load(cut, |level, index| log.nodes.get(&(level, index)).copied()).unwrap();
        prop_assert_eq!(&Frontier::from_parts(cut, tree.hashes().to_vec()).unwrap(), &tree);
        for leaf in &log.leaves[cut as usize..] {
            tree.append(leaf_hash(leaf));
        }
        prop_assert_eq!(tree.root(), *log.roots.last().unwrap());
    }

    #[test]
    fn a_flipped_bit_breaks_an_inclusion_proof(size in 1u32..200, at: prop::sample::Index, bit: prop::sample::Index) {
        let log = log(numbered(size));
        let index = at.index(size as usize) as u64;
        let node = |level, index| log.nodes.get(&(level, index)).copied();
        let path = inclusion_proof(index, size.into(), node).unwrap();
        let leaf = leaf_hash(&log.leaves[index as usize]);
        let root = log.roots[size as usize];
        let mut hashes = [path, vec![leaf, root]].concat();
        let bit = bit.index(hashes.len() * 256);
        hashes[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
        let root = hashes.pop().unwrap();
        let leaf = hashes.pop().unwrap();
        prop_assert!(verify_inclusion(&leaf, index, size.into(), &hashes, &root).is_err());
    }

    #[test]
    fn a_flipped_bit_breaks_a_consistency_proof(new in 2u32..200, at: prop::sample::Index, bit: prop::sample::Index) {
        let log = log(numbered(new));
        let old = 1 + at.index(new as usize - 1);
        let node = |level, index| log.nodes.get(&(level, index)).copied();
        let path = consistency_proof(old as u64, new.into(), node).unwrap();
        let mut hashes = [path, vec![log.roots[old], log.roots[new as usize]]].concat();
        let bit = bit.index(hashes.len() * 256);
        hashes[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
        let new_root = hashes.pop().unwrap();
        let old_root = hashes.pop().unwrap();
        prop_assert!(verify_consistency(old as u64, &old_root, new.into(), &new_root, &hashes).is_err());
    }

    #[test]
    fn no_numbers_break_the_verifiers(a: u64, b: u64, path in prop::collection::vec(any::<Hash>(), 0..70), root: Hash) {
        prop_assert!(verify_inclusion(&root, a, b, &path, &[7; 32]).is_err());
        prop_assert!(verify_consistency(a, &root, b, &[7; 32], &path).is_err());
    }
}
