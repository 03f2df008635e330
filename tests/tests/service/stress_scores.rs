//! Scores of the stress check against those of another computation, over all people of the sample.

use domain::{
    employee::Sex,
    stress::{
        answers::Answers,
        questionnaire::Questionnaire,
        scoring::{Criteria, Method, score},
    },
};
use tests::stress_scores::{expected, sample};

#[test]
fn r35_all_scores_of_the_sample_are_those_of_another_computation() {
    let sample = sample();
    assert_eq!(sample.len(), 1_000);
    let mut high = [0, 0];
    for (number, (female, codes)) in &sample {
        let expected = expected(codes, *female);
        let text: String = codes.iter().map(ToString::to_string).collect();
        let answers = Answers::from_compact(&text).unwrap();
        let sex = if *female { Sex::Female } else { Sex::Male };
        for (at, (method, expected_high)) in
            [(Method::Sum, expected.high_by_sum), (Method::Conversion, expected.high_by_conversion)]
                .into_iter()
                .enumerate()
        {
            let criteria = Criteria::standard(Questionnaire::Standard, method).unwrap();
            let score = score(&answers, &criteria, sex).unwrap();
            let sums = [score.sums.a, score.sums.b, score.sums.c].map(i32::from);
            assert_eq!(sums, expected.sums, "{number}");
            let scales = score.scales.iter().flatten();
            let (raws, grades): (Vec<i32>, Vec<i32>) =
                scales.map(|scale| (i32::from(scale.raw), i32::from(scale.grade))).unzip();
            assert_eq!((&raws, &grades), (&expected.raws, &expected.grades), "{number} {sex:?}");
            assert_eq!(score.verdict.is_high(), expected_high, "{number} {method:?}");
            high[at] += i32::from(expected_high);
        }
    }
    assert!(high.iter().all(|count| (1..1_000).contains(count)), "both outcomes occur under both methods: {high:?}");
}
