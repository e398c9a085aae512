//! A topic's numbers as they come: what a number says about what was before it.

/// The last number of a topic that is known to have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Numbers(Option<u64>);

/// What a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing is missing.
    InOrder,
    /// Something is missing before it.
    AfterLoss,
    /// It fell: Redis was emptied.
    AfterEmptying,
}

impl Numbers {
    /// Takes the number of a message that came.
    pub(super) fn came(&mut self, number: u64) -> Heard {
        match self.0.replace(number) {
            Some(last) if number <= last => Heard::AfterEmptying,
            Some(last) if number > last + 1 => Heard::AfterLoss,
            _ => Heard::InOrder,
        }
    }

    /// Takes the topic's number as it was read on the messages' own connection, between the state `asked` and now.
    ///
    /// What was published before the reading came before its answer; more may have come since.
    pub(super) fn read(&mut self, number: u64, asked: Numbers) -> Heard {
        if asked.0.is_some_and(|asked| number < asked) {
            if *self == asked {
                self.0 = Some(number);
            }
            return Heard::AfterEmptying;
        }
        match self.0 {
            Some(last) if number > last => {
                self.0 = Some(number);
                Heard::AfterLoss
            }
            Some(_) => Heard::InOrder,
            None => {
                self.0 = Some(number);
                Heard::InOrder
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_are_in_order_wherever_they_begin() {
        let mut numbers = Numbers::default();
        for number in 7..20 {
            assert_eq!(numbers.came(number), Heard::InOrder);
        }
    }

    #[test]
    fn a_number_that_was_skipped_is_a_loss_told_once() {
        let mut numbers = Numbers(Some(4));
        assert_eq!(numbers.came(6), Heard::AfterLoss);
        assert_eq!(numbers.came(7), Heard::InOrder);
    }

    #[test]
    fn the_last_message_of_a_topic_is_missed_by_reading() {
        let mut numbers = Numbers(Some(4));
        assert_eq!(numbers.read(5, numbers), Heard::AfterLoss);
        assert_eq!(numbers.read(5, numbers), Heard::InOrder);
        assert_eq!(numbers.came(6), Heard::InOrder);
    }

    #[test]
    fn what_comes_between_the_reading_and_its_answer_is_no_loss() {
        let mut numbers = Numbers(Some(4));
        let asked = numbers;
        for number in 5..8 {
            assert_eq!(numbers.came(number), Heard::InOrder);
        }
        assert_eq!(numbers.read(6, asked), Heard::InOrder);
        assert_eq!(numbers.came(8), Heard::InOrder);
    }

    #[test]
    fn a_number_that_falls_means_that_redis_was_emptied() {
        let mut numbers = Numbers(Some(4));
        assert_eq!(numbers.came(1), Heard::AfterEmptying);
        assert_eq!(numbers.came(2), Heard::InOrder);
        let mut numbers = Numbers(Some(4));
        assert_eq!(numbers.read(0, numbers), Heard::AfterEmptying);
        assert_eq!(numbers.came(1), Heard::InOrder);
    }

    #[test]
    fn a_message_that_comes_after_emptying_and_before_the_answer_counts() {
        let mut numbers = Numbers(Some(4));
        let asked = numbers;
        assert_eq!(numbers.came(1), Heard::AfterEmptying);
        assert_eq!(numbers.read(1, asked), Heard::AfterEmptying);
        assert_eq!(numbers.came(2), Heard::InOrder);
    }

    #[test]
    fn the_first_reading_is_where_a_subscription_begins() {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.read(9, numbers), Heard::InOrder);
        assert_eq!(numbers.came(10), Heard::InOrder);
        let mut early = Numbers::default();
        assert_eq!(early.came(10), Heard::InOrder);
        assert_eq!(early.read(10, Numbers::default()), Heard::InOrder);
    }
}
