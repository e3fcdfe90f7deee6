//! Labels, annotations and namespaces of pods.

use crate::documents::Change::{Repeat, Set};

rules! {
    "metadata/label-key-alphabet" Documented "API:EksMetadata": "A label's key has letters, digits, hyphens and underscores."
        Pod [Set("/metadata/labels/a b", r#""x""#)] => "/metadata/labels/a b", "no key";
    "metadata/label-key-length" Documented "API:EksMetadata": "A label's key has 63 characters at most."
        Pod [Set("/metadata/labels/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", r#""x""#)] => "/metadata/labels/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "63";
    "metadata/label-key-ends" Assumption "Kubernetes: labels": "A label's key has letters or digits at its ends."
        Pod [Set("/metadata/labels/-a", r#""x""#)] => "/metadata/labels/-a", "both ends";
    "metadata/label-prefix" Assumption "Kubernetes: labels": "What stands before a label's slash is a DNS subdomain."
        Pod [Set("/metadata/labels/A_B~1c", r#""x""#)] => "/metadata/labels/A_B~1c", "DNS subdomain";
    "metadata/label-value-alphabet" Documented "API:EksMetadata": "A label's value has letters, digits, hyphens and underscores."
        Pod [Set("/metadata/labels/a", r#""x y""#)] => "/metadata/labels/a", "`x y`";
    "metadata/label-value-length" Documented "API:EksMetadata": "A label's value has 63 characters at most."
        Pod [Repeat("/metadata/labels/a", "x", 64)] => "/metadata/labels/a", "63";
    "metadata/label-reserved-kubernetes" Documented "UG:create-job-definition-eks": "A label's prefix is not kubernetes.io/."
        Pod [Set("/metadata/labels/app.kubernetes.io~1name", r#""x""#)] => "/metadata/labels/app.kubernetes.io~1name", "reserved";
    "metadata/label-reserved-k8s" Documented "UG:create-job-definition-eks": "A label's prefix is not k8s.io/."
        Pod [Set("/metadata/labels/k8s.io~1name", r#""x""#)] => "/metadata/labels/k8s.io~1name", "reserved";
    "metadata/label-reserved-batch" Documented "UG:create-job-definition-eks": "A label's prefix is not batch.amazonaws.com/."
        Pod [Set("/metadata/labels/batch.amazonaws.com~1job-id", r#""x""#)] => "/metadata/labels/batch.amazonaws.com~1job-id", "reserved";
    "metadata/annotation-reserved-kubernetes" Documented "UG:create-job-definition-eks": "An annotation's prefix is not kubernetes.io/."
        Pod [Set("/metadata/annotations/kubernetes.io~1x", r#""x""#)] => "/metadata/annotations/kubernetes.io~1x", "reserved";
    "metadata/annotation-reserved-k8s" Documented "UG:create-job-definition-eks": "An annotation's prefix is not k8s.io/."
        Pod [Set("/metadata/annotations/x.k8s.io~1x", r#""x""#)] => "/metadata/annotations/x.k8s.io~1x", "reserved";
    "metadata/annotation-reserved-batch" Documented "UG:create-job-definition-eks": "An annotation's prefix is not batch.amazonaws.com/."
        Pod [Set("/metadata/annotations/batch.amazonaws.com~1x", r#""x""#)] => "/metadata/annotations/batch.amazonaws.com~1x", "reserved";
    "metadata/annotation-prefix" Documented "API:EksMetadata": "What stands before an annotation's slash is a DNS subdomain."
        Pod [Set("/metadata/annotations/-a~1x", r#""x""#)] => "/metadata/annotations/-a~1x", "DNS subdomain";
    "metadata/annotation-name-required" Documented "API:EksMetadata": "Something stands after an annotation's slash."
        Pod [Set("/metadata/annotations/example.com~1", r#""x""#)] => "/metadata/annotations/example.com~1", "no key";
    "metadata/annotation-name-alphabet" Documented "API:EksMetadata": "An annotation's name has letters, digits, hyphens, underscores and periods."
        Pod [Set("/metadata/annotations/a:b", r#""x""#)] => "/metadata/annotations/a:b", "no key";
    "metadata/annotation-name-ends" Documented "API:EksMetadata": "An annotation's name has letters or digits at its ends."
        Pod [Set("/metadata/annotations/a.", r#""x""#)] => "/metadata/annotations/a.", "both ends";
    "metadata/annotation-name-length" Documented "API:EksMetadata": "An annotation's name has 63 characters at most."
        Pod [Set("/metadata/annotations/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", r#""x""#)] => "/metadata/annotations/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "63";
    "metadata/annotation-value-length" Documented "API:EksMetadata": "An annotation's value has 255 characters at most."
        Pod [Repeat("/metadata/annotations/a", "x", 256)] => "/metadata/annotations/a", "255";
    "metadata/namespace-not-default" Documented "API:EksMetadata": "A job's namespace is not default."
        Pod [Set("/metadata/namespace", r#""default""#)] => "/metadata/namespace", "`default`";
    "metadata/namespace-not-kube" Documented "API:EksMetadata": "A job's namespace does not start with kube."
        Pod [Set("/metadata/namespace", r#""kubeflow""#)] => "/metadata/namespace", "starting with `kube`";
    "metadata/namespace-not-empty" Documented "API:EksMetadata": "A job's namespace is not empty."
        Pod [Set("/metadata/namespace", r#""""#)] => "/metadata/namespace", "does not match";
    "metadata/namespace-length" Documented "API:EksMetadata": "A job's namespace has 63 characters at most."
        Pod [Repeat("/metadata/namespace", "a", 64)] => "/metadata/namespace", "63";
    "metadata/namespace-alphabet" Documented "API:EksMetadata": "A job's namespace has lower-case letters, digits and hyphens."
        Pod [Set("/metadata/namespace", r#""Team_A""#)] => "/metadata/namespace", "Team_A";
}
