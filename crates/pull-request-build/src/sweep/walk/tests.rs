use super::*;

fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

fn id(number: usize) -> PullRequestId {
    PullRequestId::parse(&number.to_string()).unwrap()
}

fn walk(setting: &str, tick: u64) -> Walk {
    Walk::new(ServedRepositories::parse(setting).unwrap(), tick)
}

fn repositories(walk: &mut Walk) -> Vec<String> {
    let step = |step| match step {
        WalkStep::ListPullRequests { repository_name, page: None } => repository_name.to_string(),
        other => panic!("{other:?}"),
    };
    walk.repository_steps().map(step).collect()
}

#[test]
fn repositories_are_asked_for_only_where_the_setting_has_patterns() {
    let mut named = walk(r#"["b","a","b"]"#, 0);
    assert_eq!(named.first_step(), None);
    assert_eq!(repositories(&mut named), ["a", "b"]);
    assert_eq!(walk(r#"["a","web-*"]"#, 0).first_step(), Some(WalkStep::ListRepositories { page: None }));
}

#[test]
fn of_all_pages_those_that_are_served_are_walked_once() {
    let mut walk = walk(r#"["a","web-*"]"#, 0);
    let page = |names: &[&str], next: Option<&str>| WalkAnswer::Repositories {
        names: names.iter().map(|text| name(text)).collect(),
        next_page: next.map(str::to_owned),
    };
    let Walked::Step(step) = walk.take(page(&["web-2", "a", "other"], Some("p2"))) else { panic!("no step") };
    assert_eq!(step, WalkStep::ListRepositories { page: Some("p2".to_owned()) });
    assert!(matches!(walk.take(page(&["web-1", "web-2"], None)), Walked::RepositoriesListed));
    assert_eq!(repositories(&mut walk), ["a", "web-1", "web-2"]);
}

#[test]
fn a_pull_request_that_is_on_two_pages_is_looked_at_once() {
    let mut walk = walk(r#"["a"]"#, 0);
    let page = |ids: &[usize], next: Option<&str>| WalkAnswer::PullRequests {
        repository_name: name("a"),
        ids: ids.iter().map(|number| id(*number)).collect(),
        next_page: next.map(str::to_owned),
    };
    assert!(matches!(walk.take(page(&[1, 2], Some("p2"))), Walked::Step(_)));
    let Walked::PullRequests(listed) = walk.take(page(&[2, 3], None)) else { panic!("a page more") };
    let ids: Vec<_> = listed.iter().map(|listed| listed.pull_request_id.as_str()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert!(walk.take_rest().is_empty());
}

#[test]
fn the_pages_before_one_that_cannot_be_read_count() {
    let mut walk = walk(r#"["a"]"#, 0);
    let ids = vec![id(1)];
    walk.take(WalkAnswer::PullRequests { repository_name: name("a"), ids, next_page: Some("p2".to_owned()) });
    assert_eq!(walk.take_rest(), [Listed { pull_request_id: id(1), repository_name: name("a") }]);
}

#[test]
fn runs_of_a_schedule_are_counted() {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let period = Duration::from_secs(900);
    assert_eq!(schedule_tick(at(900 * 7), period), 7);
    assert_eq!(schedule_tick(at(900 * 8 - 1), period), 7);
    assert_eq!(schedule_tick(at(5), Duration::ZERO), 5);
}

/// The pull requests in the order in which the run of a tick looks at them, of repositories with that many each.
fn order(tick: u64, sizes: &[usize]) -> Vec<(usize, usize)> {
    let mut repositories: Vec<usize> = (0..sizes.len()).collect();
    let rest = Rotation::of_tick(tick).rotate(&mut repositories);
    let pull_requests = |repository: usize| {
        let mut numbers: Vec<usize> = (0..sizes[repository]).collect();
        rest.rotate(&mut numbers);
        numbers.into_iter().map(move |number| (repository, number))
    };
    repositories.into_iter().flat_map(pull_requests).collect()
}

#[test]
fn runs_that_are_cut_short_soon_have_looked_everywhere() {
    for sizes in [vec![1], vec![1; 1_000], vec![1_000], vec![100; 10], vec![3, 3, 3], vec![500, 500]] {
        let count: usize = sizes.iter().sum();
        for part in [1, 2, 7, 100, 400] {
            let part = part.min(count);
            let mut seen = BTreeSet::new();
            // Three times what it would take if no two runs saw the same.
            let runs = 3 * count.div_ceil(part);
            for tick in 2_000_000..2_000_000 + runs as u64 {
                seen.extend(order(tick, &sizes).into_iter().take(part));
            }
            assert_eq!(seen.len(), count, "{} repositories, {part} of {count} a run", sizes.len());
        }
    }
}

#[test]
fn nothing_to_walk_is_no_place_to_begin() {
    assert_eq!(order(7, &[]), []);
    assert_eq!(order(7, &[0]), []);
}
