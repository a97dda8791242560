//! The menu of milestones: one menu for each, grouped when there are many.

use crate::dto::{MilestoneStatus, ProjectView};
use crate::tray::short_name;

use super::super::words::{self, Word};
use super::{Build, Chosen, Context, Item, Menu, MilestoneLine, is_open, takes_commands};

/// More milestones than this are grouped by status.
const UNGROUPED: usize = 12;
/// More of one status than this stand in ranges: a menu no longer than a screen.
const RANGE: usize = 40;
/// The most of one status. The panel of milestones has them all.
const MOST_OF_STATUS: usize = 400;

impl Build {
    pub(super) fn milestones(&self, context: &Context<'_>, front: Option<&ProjectView>) -> Menu {
        let mut items = vec![self.choice(Word::NewMilestone, "newMilestone", front.is_some())];
        let Some(front) = front.filter(|_| !context.milestones.is_empty()) else {
            return self.menu(Word::Milestones, items);
        };
        items.push(Item::Separator);
        let order = [
            MilestoneStatus::InProgress,
            MilestoneStatus::Pending,
            MilestoneStatus::Failed,
            MilestoneStatus::Completed,
        ];
        let of_status = |status: MilestoneStatus| -> Vec<Item> {
            context
                .milestones
                .iter()
                .filter(|milestone| milestone.status == status)
                .map(|milestone| Item::Menu(self.milestone(milestone, front)))
                .collect()
        };
        for status in order {
            let mut lines = of_status(status);
            if context.milestones.len() <= UNGROUPED {
                items.extend(lines);
                continue;
            }
            if lines.is_empty() {
                continue;
            }
            let count = lines.len();
            lines.truncate(MOST_OF_STATUS);
            let mut lines = in_ranges(lines);
            if count > MOST_OF_STATUS {
                lines.push(Item::Separator);
                lines.push(self.choice(Word::AllMilestones, "showMilestones", true));
            }
            items.push(Item::Menu(Menu {
                label: format!("{} ({count})", words::of(status.into(), self.locale)),
                items: lines,
            }));
        }
        self.menu(Word::Milestones, items)
    }

    fn milestone(&self, milestone: &MilestoneLine, front: &ProjectView) -> Menu {
        let open = is_open(front);
        let about = |word, action, status, enabled, checked| Item::Choice {
            chosen: Chosen {
                action,
                milestone: Some(milestone.id.clone()),
                status,
                project: Some(milestone.project.clone()),
            },
            label: words::of(word, self.locale).to_owned(),
            key: None,
            enabled: enabled && self.acts,
            checked,
        };
        let statuses = [
            MilestoneStatus::InProgress,
            MilestoneStatus::Pending,
            MilestoneStatus::Completed,
            MilestoneStatus::Failed,
        ]
        .map(|status| {
            about(
                status.into(),
                "setStatus",
                Some(status),
                true,
                Some(milestone.status == status),
            )
        });
        Menu {
            label: short_name(&milestone.name),
            items: vec![
                about(
                    if open {
                        Word::StartQueued
                    } else {
                        Word::StartMilestone
                    },
                    "startMilestone",
                    None,
                    takes_commands(front),
                    None,
                ),
                about(Word::RunUnattended, "runUnattended", None, !open, None),
                Item::Separator,
                about(Word::OpenContext, "openContext", None, true, None),
                about(
                    Word::OpenMilestoneFolder,
                    "openMilestoneFolder",
                    None,
                    true,
                    None,
                ),
                about(Word::Rename, "renameMilestone", None, true, None),
                Item::Separator,
                Item::Menu(self.menu(Word::Status, statuses.into())),
            ],
        }
    }
}

/// Few lines as they are; many in menus that say which of them they hold.
fn in_ranges(lines: Vec<Item>) -> Vec<Item> {
    if lines.len() <= RANGE {
        return lines;
    }
    let mut ranges = Vec::new();
    for (index, range) in lines.chunks(RANGE).enumerate() {
        let first = index * RANGE + 1;
        ranges.push(Item::Menu(Menu {
            label: format!("{first} – {}", first + range.len() - 1),
            items: range.to_vec(),
        }));
    }
    ranges
}
